"""Fixtures: `broker` is a fresh process for each test; `@pytest.mark.config({...})` gives its settings."""

import pytest

import divergences
from broker import MOSQUITTO_KEYS, Broker, differential
import wire

VERSIONS = [wire.V31, wire.V311, wire.V5]


def pytest_configure(config):
    config.addinivalue_line("markers", "config(settings): configuration of the test's broker, dotted keys")
    config.addinivalue_line("markers", "skein: needs what only Skein has; skipped in the differential run")


def pytest_collection_modifyitems(items):
    if not differential():
        return
    for item in items:
        settings = {key for marker in item.iter_markers("config") for key in marker.args[0]}
        if item.get_closest_marker("skein") or settings - set(MOSQUITTO_KEYS):
            item.add_marker(pytest.mark.skip(reason="of Skein only"))
        reason = divergences.reason(item.name, item.path.stem)
        if reason:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


def pytest_generate_tests(metafunc):
    if "version" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("parametrize")
        if not (marker and "version" in marker.args[0]):
            metafunc.parametrize("version", VERSIONS, ids=["v31", "v311", "v5"])


@pytest.fixture
def start(tmp_path):
    """Starts brokers: `start(settings, environment)`; each is stopped and checked at the end."""
    running = []

    def one(settings=None, environment=None):
        folder = tmp_path / f"broker{len(running)}"
        folder.mkdir()
        broker = Broker(folder, settings, environment)
        running.append(broker)
        return broker.start()

    yield one
    try:
        for broker in running:
            broker.stop()
    finally:
        for broker in running:
            broker.kill()


def settings_of(request):
    settings = {}
    for marker in reversed(list(request.node.iter_markers("config"))):
        settings |= marker.args[0]
    return settings


@pytest.fixture
def broker(request, start):
    return start(settings_of(request))


@pytest.fixture
def idle(request, tmp_path):
    """A broker that has not been started, for tests of the start itself."""
    broker = Broker(tmp_path, settings_of(request))
    yield broker
    broker.kill()
