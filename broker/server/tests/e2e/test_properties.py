"""What 5.0 carries along with a message, and what it says in answers."""

import time

import pytest

import wire
from broker import until


def test_properties_pass_unchanged(broker):
    client = broker.client("c")
    client.subscribe(("a", 1))
    properties = [
        ("user", ("z", "1")),
        ("payload_format", 1),
        ("user", ("a", "2")),
        ("response_topic", "reply/ü"),
        ("user", ("z", "1")),
        ("correlation_data", bytes(range(256))),
        ("content_type", "text/plain"),
        ("user", ("", "")),
    ]
    client.publish("a", "payload", props=properties)
    message = client.message()
    assert message.all("user") == [("z", "1"), ("a", "2"), ("z", "1"), ("", "")]
    for name in ("payload_format", "response_topic", "correlation_data", "content_type"):
        assert message.get(name) == dict(properties)[name]
    assert len(message.props) == len(properties)


def test_properties_are_kept_from_older_clients(broker):
    old, client = broker.client("old", wire.V311), broker.client("c")
    old.subscribe(("a", 1))
    client.publish("a", "payload", 1, props={"user": ("a", "b"), "content_type": "x"})
    assert old.message().payload == b"payload"


def test_request_and_response(broker):
    asker, answerer = broker.client("asker"), broker.client("answerer")
    asker.subscribe("answers/7")
    answerer.subscribe("questions/+")
    asker.publish("questions/x", "?", props={"response_topic": "answers/7", "correlation_data": b"\x07"})
    question = answerer.message()
    answerer.publish(question.get("response_topic"), "!", props={"correlation_data": question.get("correlation_data")})
    answer = asker.message()
    assert (answer.payload, answer.get("correlation_data")) == (b"!", b"\x07")


def test_message_expiry_counts_down_in_the_queue(broker):
    client = broker.client("s", clean=False, props={"session_expiry": 300})
    client.subscribe(("a", 1))
    client.disconnect()
    publisher = broker.client("p")
    publisher.publish("a", "short", 1, props={"message_expiry": 1})
    publisher.publish("a", "long", 1, props={"message_expiry": 100})
    publisher.publish("a", "ever", 1)
    begin = time.monotonic()
    until(lambda: time.monotonic() - begin > 2.1, "longer than the expiry", 5, 0.1)
    client = broker.client("s", clean=False)
    message = client.message()
    assert message.payload == b"long" and 90 <= message.get("message_expiry") <= 98
    message = client.message()
    assert (message.payload, message.get("message_expiry")) == (b"ever", None)


def test_message_expiry_passes_when_delivered_at_once(broker):
    client = broker.client("c")
    client.subscribe("a")
    client.publish("a", "x", props={"message_expiry": 50})
    assert client.message().get("message_expiry") in (49, 50)


def test_topic_alias_from_the_client(broker):
    subscriber, publisher = broker.client("s"), broker.client("p")
    subscriber.subscribe(("a/#", 1))
    publisher.publish("a/one", "1", props={"topic_alias": 1})
    publisher.publish("", "2", props={"topic_alias": 1})
    publisher.publish("a/two", "3", props={"topic_alias": 2})
    publisher.publish("", "4", 1, props={"topic_alias": 1})
    publisher.publish("a/three", "5", props={"topic_alias": 1})
    publisher.publish("", "6", 2, props={"topic_alias": 1})
    publisher.publish("", "7", props={"topic_alias": 2})
    messages = [subscriber.message() for _ in range(7)]
    assert [message.topic for message in messages] == ["a/one", "a/one", "a/two", "a/one", "a/three", "a/three", "a/two"]
    assert all(message.get("topic_alias") is None for message in messages)


def test_aliases_end_with_the_connection(broker):
    publisher = broker.client("p", props={"session_expiry": 60})
    publisher.publish("a", "1", props={"topic_alias": 1})
    publisher.disconnect()
    publisher = broker.client("p", clean=False, props={"session_expiry": 60})
    publisher.send(wire.publish("", "2", props={"topic_alias": 1}))
    publisher.expect_disconnect(0x82)


@pytest.mark.config({"mqtt.max_topic_alias": 5})
@pytest.mark.parametrize("alias", [0, 6, 65535])
def test_topic_alias_out_of_range(broker, alias):
    bystander, client = broker.client("b"), broker.client("c")
    assert client.connack.get("topic_alias_maximum") == 5
    client.send(wire.publish("a", "x", props={"topic_alias": alias}))
    client.expect_disconnect(0x94)
    bystander.quiet()


def test_topic_alias_never_said_what_it_means(broker):
    client = broker.client("c")
    client.send(wire.publish("", "x", props={"topic_alias": 3}))
    client.expect_disconnect(0x82)


def test_outbound_aliases_stay_within_the_client_s_maximum(broker):
    subscriber, publisher = broker.client("s", props={"topic_alias_maximum": 3}), broker.client("p")
    subscriber.subscribe("t/#")
    known, got = {}, []
    topics = [f"t/{number % 5}" for number in range(60)]
    for topic in topics:
        publisher.publish(topic)
    for _ in topics:
        message = subscriber.message()
        alias = message.get("topic_alias")
        if alias is not None:
            assert 1 <= alias <= 3
            if message.topic:
                known[alias] = message.topic
        got.append(message.topic or known[alias])
    assert got == topics


@pytest.mark.skein
def test_outbound_aliases_are_used(broker):
    subscriber, publisher = broker.client("s", props={"topic_alias_maximum": 2}), broker.client("p")
    subscriber.subscribe("t/#")
    for number in range(20):
        publisher.publish("t/long/topic/name", str(number))
    messages = [subscriber.message() for _ in range(20)]
    assert messages[0].topic == "t/long/topic/name"
    assert any(message.topic == "" for message in messages)


def test_no_outbound_alias_unless_allowed(broker):
    subscriber, publisher = broker.client("s"), broker.client("p")
    subscriber.subscribe("t/#")
    for number in range(20):
        publisher.publish("t/x", str(number))
    assert {subscriber.message().get("topic_alias") for _ in range(20)} == {None}


def test_no_problem_information_unless_wanted(broker):
    """Reason strings and user properties stand only in CONNACK, PUBLISH and DISCONNECT then."""
    client = broker.client("c", props={"request_problem_information": 0})
    answers = [client.subscribe("a"), client.unsubscribe("never")]
    answers += [client.publish("nobody", "x", qos) for qos in (1, 2)]
    client.send(wire.ack(wire.PUBREL, 99))
    answers.append(client.expect(wire.PUBCOMP))
    for answer in answers:
        assert answer.get("reason_string") is None and answer.get("user") is None


def test_client_s_maximum_packet_size(broker):
    """A message too large for a client is as if delivered: dropped for it, not for others."""
    small, large = broker.client("small", props={"maximum_packet_size": 64}), broker.client("large")
    for client in (small, large):
        client.subscribe(("a", 1))
    publisher = broker.client("p")
    publisher.publish("a", "x" * 100, 1)
    publisher.publish("a", "fits", 1)
    assert small.message().payload == b"fits"
    assert [len(payload) for payload in large.payloads(2)] == [100, 4]


def test_client_s_maximum_packet_size_to_the_byte(broker):
    size = len(wire.publish("a", "x" * 20))
    fits, short = (broker.client(f"c{limit}", props={"maximum_packet_size": limit}) for limit in (size, size - 1))
    for client in (fits, short):
        client.subscribe("a")
    fits.publish("a", "x" * 20)
    fits.publish("a", "end")
    assert fits.payloads(2) == [b"x" * 20, b"end"]
    assert short.message().payload == b"end"


@pytest.mark.config({"mqtt.validate_payload_format": True})
def test_payload_format_checked_if_configured(broker):
    client = broker.client("c")
    assert client.publish("a", b"\xff\xfe", 1, props={"payload_format": 1}).code == 0x99
    assert client.publish("a", b"\xff\xfe", 1, props={"payload_format": 0}).code == 0x10
    assert client.publish("a", "\u00fc", 1, props={"payload_format": 1}).code == 0x10


def test_payload_format_not_checked_by_default(broker):
    client = broker.client("c")
    client.subscribe("a")
    client.publish("a", b"\xff\xfe", props={"payload_format": 1})
    assert client.message().payload == b"\xff\xfe"
