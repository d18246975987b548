"""Sessions: resume, expiry, takeover, and what a dormant session keeps."""

import time

import pytest

import wire
from broker import until


def kept(version, seconds=300):
    return dict(clean=False, props={"session_expiry": seconds}) if version == wire.V5 else dict(clean=False)


def test_resume_keeps_subscriptions_and_messages(broker, version):
    client = broker.client("s", version, **kept(version))
    assert not client.connack.session_present
    client.subscribe(("q/0", 0), ("q/1", 1), ("q/2", 2))
    client.disconnect()
    publisher = broker.client("p", version)
    for number in range(20):
        publisher.publish(f"q/{1 + number % 2}", str(number), 2)
    client = broker.client("s", version, **kept(version))
    assert client.resumed
    assert client.payloads(20) == [str(number).encode() for number in range(20)]
    publisher.publish("q/0", "live", 0)
    assert client.message().payload == b"live"


def test_resume_after_reset(broker, version):
    client = broker.client("s", version, **kept(version))
    client.subscribe(("a", 1))
    client.reset()
    broker.client("p", version).publish("a", "1", 1)
    client = broker.client("s", version, **kept(version))
    assert client.resumed
    assert client.message().payload == b"1"


def test_clean_start_ends_the_old_session(broker, version):
    client = broker.client("s", version, **kept(version))
    client.subscribe(("a", 1))
    client.disconnect()
    client = broker.client("s", version, clean=True)
    assert not client.connack.session_present
    broker.client("p", version).publish("a", "1", 1)
    client.quiet()
    client.disconnect()
    assert not broker.client("s", version, **kept(version)).connack.session_present


def test_unsubscribe_lasts(broker, version):
    client = broker.client("s", version, **kept(version))
    client.subscribe(("a", 1), ("b", 1))
    client.unsubscribe("a")
    client.disconnect()
    publisher = broker.client("p", version)
    publisher.publish("a", "no", 1)
    publisher.publish("b", "yes", 1)
    assert broker.client("s", version, **kept(version)).message().payload == b"yes"


def test_expiry_zero_ends_with_the_connection(broker):
    client = broker.client("s", clean=False)
    client.subscribe(("a", 1))
    client.disconnect()
    assert not broker.client("s", clean=False).connack.session_present


def test_session_expires(broker):
    client = broker.client("s", clean=False, props={"session_expiry": 1})
    client.subscribe(("a", 1))
    client.disconnect()
    publisher = broker.client("p")
    assert publisher.publish("a", "x", 1).code == 0
    until(lambda: publisher.publish("a", "x", 1).code == 0x10, "the subscription goes with its session", 8, 0.1)
    assert not broker.client("s", clean=False).connack.session_present


def test_expiry_counts_from_the_disconnect(broker):
    client = broker.client("s", clean=False, props={"session_expiry": 2})
    begin = time.monotonic()
    until(lambda: time.monotonic() - begin > 2.5, "longer than the expiry", 5, 0.1)
    client.quiet()
    client.disconnect()
    assert broker.client("s", clean=False).resumed


def test_disconnect_changes_the_expiry(broker):
    client = broker.client("s", clean=False, props={"session_expiry": 1})
    client.disconnect(0, {"session_expiry": 300})
    client = broker.client("s", clean=False, props={"session_expiry": 300})
    assert client.resumed
    client.disconnect(0, {"session_expiry": 0})
    assert not broker.client("s", clean=False).connack.session_present


def test_disconnect_must_not_revive_an_expiry_of_zero(broker):
    client = broker.client("s")
    client.send(wire.disconnect(0, {"session_expiry": 10}))
    client.expect_disconnect(0x82)


def test_expiry_never(broker):
    client = broker.client("s", clean=False, props={"session_expiry": 0xFFFFFFFF})
    client.disconnect()
    assert broker.client("s", clean=False).resumed


@pytest.mark.config({"mqtt.max_session_expiry_interval": "10s"})
def test_expiry_is_capped_and_told(broker):
    assert broker.client("s", props={"session_expiry": 1000}).connack.get("session_expiry") == 10
    assert broker.client("t", props={"session_expiry": 5}).connack.get("session_expiry") in (None, 5)


def test_takeover(broker, version):
    first = broker.client("same", version, **kept(version))
    first.subscribe(("a", 1))
    second = broker.client("same", version, **kept(version))
    assert second.resumed
    first.expect_disconnect(0x8E)
    broker.client("p", version).publish("a", "1", 1)
    assert second.message().payload == b"1"


def test_takeover_between_versions(broker):
    first = broker.client("same", wire.V5, **kept(wire.V5))
    second = broker.client("same", wire.V311, clean=False)
    first.expect_disconnect(0x8E)
    assert second.resumed
    third = broker.client("same", wire.V5, **kept(wire.V5))
    second.expect_closed()
    assert third.resumed


def test_takeover_of_a_session_without_expiry(broker):
    """The session ends with its connection, so the newcomer finds none."""
    first = broker.client("same", clean=False)
    first.subscribe(("a", 1))
    second = broker.client("same", clean=False)
    first.expect_disconnect(0x8E)
    assert not second.connack.session_present


def test_takeover_with_clean_start(broker, version):
    first = broker.client("same", version, **kept(version))
    first.subscribe(("a", 1))
    second = broker.client("same", version, clean=True)
    first.expect_disconnect(0x8E)
    assert not second.connack.session_present
    broker.client("p", version).publish("a", "1", 1)
    second.quiet()


def test_takeover_resends_what_was_in_flight(broker):
    first = broker.client("same", **kept(wire.V5))
    first.subscribe(("a", 1))
    broker.client("p").publish("a", "1", 1)
    sent = first.expect(wire.PUBLISH)
    second = broker.client("same", **kept(wire.V5))
    again = second.expect(wire.PUBLISH)
    assert (again.payload, again.packet_id, again.dup) == (b"1", sent.packet_id, True)


def test_a_hundred_takeovers_in_a_row(broker):
    clients = [broker.client("same", **kept(wire.V5)) for _ in range(100)]
    for client in clients[:-1]:
        client.expect_disconnect(0x8E)
    clients[-1].quiet()


@pytest.mark.config({"mqtt.max_mqueue_len": 10})
def test_full_queue_drops_the_oldest(broker):
    client = broker.client("s", **kept(wire.V5))
    client.subscribe(("a", 1))
    client.disconnect()
    publisher = broker.client("p")
    for number in range(25):
        publisher.publish("a", str(number), 1)
    client = broker.client("s", **kept(wire.V5))
    assert client.payloads(10) == [str(number).encode() for number in range(15, 25)]
    client.quiet()
    assert broker.counter("delivery.dropped.queue_full") == 15


@pytest.mark.config({"mqtt.max_mqueue_len": 10, "mqtt.mqueue_overflow": "drop_newest"})
def test_full_queue_drops_the_newest(broker):
    client = broker.client("s", **kept(wire.V5))
    client.subscribe(("a", 1))
    client.disconnect()
    publisher = broker.client("p")
    for number in range(25):
        publisher.publish("a", str(number), 1)
    client = broker.client("s", **kept(wire.V5))
    assert client.payloads(10) == [str(number).encode() for number in range(10)]
    client.quiet()


def test_3_x_sessions_outlive_the_connection(broker):
    """Clean session 0 before 5.0 has no expiry of its own: the configured one holds."""
    client = broker.client("s", wire.V311, clean=False)
    client.subscribe(("a", 1))
    client.reset()
    assert broker.client("s", wire.V311, clean=False).resumed
