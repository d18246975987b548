"""Retained messages: set, clear, replace, expiry, and whether a new subscription gets them."""

import pytest

import wire
from broker import until
from raw import Timeout

SEND, SEND_IF_NEW, NEVER = 0 << 4, 1 << 4, 2 << 4
RETAIN_AS_PUBLISHED = 8


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_retained_is_sent_at_subscribe(broker, version, qos):
    broker.client("p", version).publish("r/a", "kept", qos, retain=True)
    client = broker.client("s", version)
    client.subscribe(("r/+", 2))
    message = client.message()
    assert (message.topic, message.payload, message.qos, message.retain) == ("r/a", b"kept", qos, True)
    client.quiet()


def test_last_value_wins(broker):
    publisher = broker.client("p")
    for number in range(10):
        publisher.publish("r", str(number), 1, retain=True)
    client = broker.client("s")
    client.subscribe("r")
    assert client.message().payload == b"9"
    client.quiet()


def test_empty_payload_clears(broker, version):
    publisher, live = broker.client("p", version), broker.client("live", version)
    publisher.publish("r", "1", 1, retain=True)
    live.subscribe("r")
    assert live.message().retain
    publisher.publish("r", "", 1, retain=True)
    message = live.message()
    assert (message.payload, message.retain) == (b"", False)
    client = broker.client("s", version)
    client.subscribe("r")
    client.quiet()


def test_without_the_flag_nothing_changes(broker):
    publisher = broker.client("p")
    publisher.publish("r", "kept", 1, retain=True)
    publisher.publish("r", "passing", 1)
    publisher.publish("r", "", 1)
    client = broker.client("s")
    client.subscribe("r")
    assert client.message().payload == b"kept"
    client.quiet()


def test_retained_outlives_its_publisher(broker):
    broker.client("p").publish("r", "kept", 1, retain=True)
    broker.clients[0].disconnect()
    client = broker.client("s")
    client.subscribe("r")
    assert client.message().payload == b"kept"


def test_retain_handling(broker):
    broker.client("p").publish("r", "kept", 1, retain=True)
    client = broker.client("s")
    client.subscribe(("r", NEVER))
    client.quiet()
    client.subscribe(("r", SEND_IF_NEW))
    client.quiet()
    client.subscribe(("r", SEND))
    assert client.message().payload == b"kept"
    client.subscribe(("r", SEND))
    assert client.message().payload == b"kept"
    client.unsubscribe("r")
    client.subscribe(("r", SEND_IF_NEW))
    assert client.message().payload == b"kept"


def test_every_subscribe_sends_again_before_5(broker):
    broker.client("p").publish("r", "kept", 1, retain=True)
    client = broker.client("s", wire.V311)
    for _ in range(3):
        client.subscribe("r")
        assert client.message().payload == b"kept"


@pytest.mark.parametrize("options", [0, RETAIN_AS_PUBLISHED])
def test_flag_is_set_on_retained_whatever_the_option(broker, options):
    broker.client("p").publish("r", "kept", 1, retain=True)
    client = broker.client("s")
    client.subscribe(("r", options))
    assert client.message().retain


def test_no_retained_for_shared_subscriptions(broker):
    broker.client("p").publish("r", "kept", 1, retain=True)
    client = broker.client("s")
    client.subscribe(("$share/g/r", 1))
    client.quiet()


def test_identifier_and_properties_on_retained(broker):
    properties = [("content_type", "t"), ("user", ("a", "1")), ("user", ("a", "2")), ("correlation_data", b"\0\1")]
    broker.client("p").publish("r", "kept", 1, retain=True, props=properties)
    client = broker.client("s")
    client.subscribe("r", props={"subscription_id": 7})
    message = client.message()
    assert message.all("subscription_id") == [7]
    assert message.all("user") == [("a", "1"), ("a", "2")]
    assert (message.get("content_type"), message.get("correlation_data")) == ("t", b"\0\1")


def test_retained_expires(broker):
    publisher = broker.client("p")
    publisher.publish("r", "short", 1, retain=True, props={"message_expiry": 1})
    publisher.publish("r2", "long", 1, retain=True, props={"message_expiry": 100})

    def gone():
        with broker.client("s") as client:
            client.subscribe("r")
            try:
                client.message(0.3)
            except Timeout:
                return True
            return False

    until(gone, "the retained message expires", 8, 0.1)
    client = broker.client("t")
    client.subscribe("r2")
    assert 90 <= client.message().get("message_expiry") <= 99


def test_wildcards_and_dollar_topics(broker):
    publisher = broker.client("p")
    for topic in ("$hidden/a", "a", "a/b", "b"):
        publisher.publish(topic, "kept", 1, retain=True)
    client = broker.client("s")
    client.subscribe("#")
    assert sorted(client.message().topic for _ in range(3)) == ["a", "a/b", "b"]
    client.subscribe("$hidden/#")
    assert client.message().topic == "$hidden/a"
    client.quiet()


def test_resume_does_not_send_retained_again(broker):
    broker.client("p").publish("r", "kept", 1, retain=True)
    client = broker.client("s", clean=False, props={"session_expiry": 300})
    client.subscribe(("r", 1))
    assert client.message().retain
    client.disconnect()
    broker.client("s", clean=False, props={"session_expiry": 300}).quiet()


@pytest.mark.config({"mqtt.retain_available": False})
def test_retain_not_available(broker):
    client = broker.client("c")
    assert client.connack.get("retain_available") == 0
    client.send(wire.publish("r", "x", 1, 1, retain=True))
    client.expect_disconnect(0x9A)


def test_retained_published_before_suback_is_never_older(broker):
    """A subscriber never ends with an older value than the last one published."""
    publisher = broker.client("p")
    for number in range(50):
        with broker.client(f"s{number}") as client:
            client.send(wire.subscribe(1, (f"race/{number}", 1)))
            publisher.send(wire.publish(f"race/{number}", "new", 1, 1, retain=True))
            publisher.expect(wire.PUBACK)
            client.expect(wire.SUBACK)
            assert client.message().payload == b"new"
