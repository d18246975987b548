"""Wills: when they are published, when not, with which properties, and their delay."""

import time

import pytest

import wire
from broker import until
from wire import Will


def watcher(broker, version=wire.V5, topic="will/#"):
    client = broker.client("watcher", version)
    client.subscribe((topic, 2))
    return client


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_will_after_a_lost_connection(broker, version, qos):
    watch = watcher(broker, version)
    broker.client("c", version, will=Will("will/c", b"gone", qos)).reset()
    message = watch.message()
    assert (message.topic, message.payload, message.qos, message.retain) == ("will/c", b"gone", qos, False)


def test_will_after_a_closed_connection(broker, version):
    watch = watcher(broker, version)
    broker.client("c", version, will=Will("will/c")).close()
    assert watch.message().topic == "will/c"


def test_no_will_after_disconnect(broker, version):
    watch = watcher(broker, version)
    broker.client("c", version, will=Will("will/c")).disconnect()
    broker.client("p", version).publish("will/other", "1", 1)
    assert watch.message().topic == "will/other"


def test_disconnect_with_will(broker):
    watch = watcher(broker)
    broker.client("c", will=Will("will/c")).disconnect(0x04)
    assert watch.message().topic == "will/c"


FAULTS = {"second connect": wire.connect(wire.V5, "c"), "reserved type": b"\0\0", "wildcard": wire.publish("a/#", "x")}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_will_after_a_protocol_error(broker, fault):
    watch = watcher(broker)
    broker.client("c", will=Will("will/c")).send(fault)
    assert watch.message().topic == "will/c"


def test_will_after_keep_alive_timeout(broker, version):
    watch = watcher(broker, version)
    client = broker.client("c", version, keep_alive=1, will=Will("will/c"))
    assert watch.message(8).topic == "will/c"
    client.expect_disconnect(0x8D)


def test_retained_will(broker, version):
    watch = watcher(broker, version)
    broker.client("c", version, will=Will("will/c", b"gone", 1, retain=True)).reset()
    assert not watch.message().retain
    late = broker.client("late", version)
    late.subscribe("will/c")
    message = late.message()
    assert (message.payload, message.retain) == (b"gone", True)


def test_will_properties(broker):
    watch = watcher(broker)
    properties = [
        ("payload_format", 1),
        ("message_expiry", 100),
        ("content_type", "text"),
        ("response_topic", "answer/here"),
        ("correlation_data", b"\0\xff"),
        ("user", ("k", "1")),
        ("user", ("k", "2")),
        ("user", ("a", "")),
    ]
    broker.client("c", will=Will("will/c", "gäne".encode(), props=properties)).reset()
    message = watch.message()
    assert message.all("user") == [("k", "1"), ("k", "2"), ("a", "")]
    for name in ("payload_format", "content_type", "response_topic", "correlation_data"):
        assert message.get(name) == dict(properties)[name]
    assert 90 <= message.get("message_expiry") <= 100
    assert message.get("will_delay") is None


def test_empty_will_payload(broker, version):
    watch = watcher(broker, version)
    broker.client("c", version, will=Will("will/c", b"")).reset()
    assert watch.message().payload == b""


def test_will_delay(broker):
    watch = watcher(broker)
    client = broker.client("c", props={"session_expiry": 60}, will=Will("will/c", props={"will_delay": 1}))
    begin = time.monotonic()
    client.reset()
    watch.quiet()
    watch.message(8)
    assert time.monotonic() - begin >= 0.9


def test_will_delay_ends_with_the_session(broker):
    watch = watcher(broker)
    broker.client("c", props={"session_expiry": 0}, will=Will("will/c", props={"will_delay": 1000})).reset()
    watch.message()
    broker.client("d", props={"session_expiry": 1}, will=Will("will/d", props={"will_delay": 1000})).reset()
    assert watch.message().topic == "will/d"


def test_will_delay_is_cancelled_by_reconnecting(broker):
    watch = watcher(broker)
    for number in range(3):
        client = broker.client("c", clean=False, props={"session_expiry": 60}, will=Will("will/c", b"%d" % number, props={"will_delay": 1}))
        client.reset()
    client = broker.client("c", clean=False, props={"session_expiry": 60})
    begin = time.monotonic()
    until(lambda: time.monotonic() - begin > 2, "longer than the delay", 5, 0.1)
    broker.client("p").publish("will/end")
    assert watch.message().topic == "will/end"


def test_clean_start_publishes_the_delayed_will(broker):
    """The old session ends, and with it the delay."""
    watch = watcher(broker)
    broker.client("c", props={"session_expiry": 60}, will=Will("will/c", props={"will_delay": 1000})).reset()
    watch.quiet()
    broker.client("c", clean=True)
    assert watch.message().topic == "will/c"


def test_takeover_publishes_the_will(broker, version):
    watch = watcher(broker, version)
    first = broker.client("c", version, will=Will("will/c"))
    broker.client("c", version)
    first.expect_disconnect(0x8E)
    assert watch.message().topic == "will/c"


def test_takeover_cancels_a_delayed_will_of_a_session_that_goes_on(broker):
    watch = watcher(broker)
    broker.client("c", clean=False, props={"session_expiry": 60}, will=Will("will/c", props={"will_delay": 1000}))
    broker.client("c", clean=False, props={"session_expiry": 60})
    broker.client("p").publish("will/end")
    assert watch.message().topic == "will/end"


def test_will_is_stored_for_sleeping_sessions(broker):
    watch = broker.client("watcher", clean=False, props={"session_expiry": 60})
    watch.subscribe(("will/#", 1))
    watch.disconnect()
    broker.client("c", will=Will("will/c", qos=1)).reset()
    assert broker.client("watcher", clean=False).message().topic == "will/c"
