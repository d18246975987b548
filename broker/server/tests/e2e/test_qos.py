"""QoS 0, 1 and 2: exchanges, order, duplicates, inflight windows, resending."""

import pytest

import wire

PAIRS = [(publish, subscribe) for publish in range(3) for subscribe in range(3)]


@pytest.mark.parametrize("publish_qos,subscribe_qos", PAIRS)
def test_delivered_at_the_lower_qos(broker, version, publish_qos, subscribe_qos):
    subscriber, publisher = broker.client("s", version), broker.client("p", version)
    assert subscriber.subscribe(("a/b", subscribe_qos)).codes == [subscribe_qos]
    publisher.publish("a/b", "one", publish_qos)
    message = subscriber.message()
    assert (message.topic, message.payload) == ("a/b", b"one")
    assert message.qos == min(publish_qos, subscribe_qos)
    assert not message.dup and not message.retain


def test_versions_meet(broker):
    """A publisher of each version reaches a subscriber of each version."""
    subscribers = {version: broker.client(f"s{version}", version) for version in (3, 4, 5)}
    for subscriber in subscribers.values():
        subscriber.subscribe(("meet/#", 2))
    for version in (3, 4, 5):
        broker.client(f"p{version}", version).publish(f"meet/{version}", f"from {version}", 2)
    for subscriber in subscribers.values():
        got = sorted(subscriber.message().payload for _ in range(3))
        assert got == [b"from 3", b"from 4", b"from 5"]


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_order_of_one_publisher(broker, qos):
    subscriber, publisher = broker.client("s"), broker.client("p")
    subscriber.subscribe(("order", qos))
    publisher.publish_many([("order", str(number)) for number in range(300)], qos)
    assert subscriber.payloads(300) == [str(number).encode() for number in range(300)]


def test_puback_order_is_publish_order(broker):
    publisher = broker.client("p")
    publisher.send(b"".join(wire.publish("x", "y", 1, packet_id) for packet_id in (9, 3, 7, 1)))
    assert [publisher.expect(wire.PUBACK).packet_id for _ in range(4)] == [9, 3, 7, 1]


def test_qos2_dup_before_pubrel_is_not_delivered_twice(broker, version):
    subscriber, publisher = broker.client("s", version), broker.client("p", version)
    subscriber.subscribe(("once", 2))
    for dup in (False, True, True):
        publisher.send(wire.publish("once", "1", 2, 5, dup=dup, version=version))
        assert publisher.expect(wire.PUBREC).packet_id == 5
    publisher.send(wire.ack(wire.PUBREL, 5))
    assert publisher.expect(wire.PUBCOMP).packet_id == 5
    publisher.publish("once", "2", 2)
    assert subscriber.payloads(2) == [b"1", b"2"]


def test_qos2_packet_id_is_free_after_pubcomp(broker):
    subscriber, publisher = broker.client("s"), broker.client("p")
    subscriber.subscribe(("again", 2))
    for payload in ("1", "2"):
        publisher.last_id = 6
        publisher.publish("again", payload, 2)
    assert subscriber.payloads(2) == [b"1", b"2"]


def test_qos2_without_duplicates_across_reconnect(broker, version):
    subscriber = broker.client("s", version)
    subscriber.subscribe(("once", 2))
    kept = dict(clean=False, props={"session_expiry": 300}) if version == wire.V5 else dict(clean=False)
    publisher = broker.client("p", version, **kept)
    publisher.send(wire.publish("once", "1", 2, 5, version=version))
    publisher.expect(wire.PUBREC)
    publisher.reset()
    publisher = broker.client("p", version, **kept)
    assert publisher.resumed
    publisher.send(wire.publish("once", "1", 2, 5, dup=True, version=version))
    publisher.expect(wire.PUBREC)
    publisher.send(wire.ack(wire.PUBREL, 5))
    publisher.expect(wire.PUBCOMP)
    publisher.publish("once", "2", 2)
    assert subscriber.payloads(2) == [b"1", b"2"]


def test_unacknowledged_are_resent_in_order_with_dup(broker, version):
    kept = dict(clean=False, props={"session_expiry": 300}) if version == wire.V5 else dict(clean=False)
    subscriber, publisher = broker.client("s", version, **kept), broker.client("p", version)
    subscriber.subscribe(("r/1", 1), ("r/2", 2))
    for number in range(6):
        publisher.publish(f"r/{1 + number % 2}", str(number), 2)
    first = [subscriber.expect(wire.PUBLISH) for _ in range(6)]
    subscriber.send(wire.ack(wire.PUBACK, first[0].packet_id))
    subscriber.send(wire.ack(wire.PUBREC, first[1].packet_id))
    assert subscriber.expect(wire.PUBREL).packet_id == first[1].packet_id
    subscriber.reset()
    subscriber = broker.client("s", version, **kept)
    assert subscriber.resumed
    packets = [subscriber.recv() for _ in range(5)]
    resent = [packet for packet in packets if packet.kind == wire.PUBLISH]
    assert [packet.payload for packet in resent] == [b"2", b"3", b"4", b"5"]
    assert [packet.packet_id for packet in resent] == [packet.packet_id for packet in first[2:]]
    assert all(packet.dup for packet in resent)
    assert [packet.packet_id for packet in packets if packet.kind == wire.PUBREL] == [first[1].packet_id]


def test_no_resend_on_a_live_connection(broker):
    """[v5 4.4.0-1]: only a reconnect makes the server send again."""
    subscriber, publisher = broker.client("s"), broker.client("p")
    subscriber.subscribe(("a", 1))
    publisher.publish("a", "1", 1)
    subscriber.expect(wire.PUBLISH)
    publisher.publish("a", "2", 1)
    assert subscriber.expect(wire.PUBLISH).payload == b"2"
    subscriber.quiet()


def test_client_receive_maximum_is_honoured(broker):
    """QoS 2 counts until PUBCOMP."""
    subscriber, publisher = broker.client("s", props={"receive_maximum": 3}), broker.client("p")
    subscriber.subscribe(("w/#", 2))
    for number in range(50):
        publisher.publish("w/x", str(number), 1 + number % 2)
    window = [subscriber.expect(wire.PUBLISH) for _ in range(3)]
    subscriber.quiet()
    received = [packet.payload for packet in window]
    unfinished = {packet.packet_id for packet in window}
    for packet in window:
        acknowledge(subscriber, packet, unfinished)
    while len(received) < 50 or unfinished:
        packet = subscriber.recv()
        if packet.kind == wire.PUBREL:
            subscriber.send(wire.ack(wire.PUBCOMP, packet.packet_id))
            unfinished.discard(packet.packet_id)
            continue
        received.append(packet.payload)
        unfinished.add(packet.packet_id)
        assert len(unfinished) <= 3
        acknowledge(subscriber, packet, unfinished)
    assert received == [str(number).encode() for number in range(50)]


def acknowledge(subscriber, packet, unfinished):
    """The first answer; that to QoS 1 is the only one."""
    subscriber.send(wire.ack(wire.PUBACK if packet.qos == 1 else wire.PUBREC, packet.packet_id))
    if packet.qos == 1:
        unfinished.discard(packet.packet_id)


@pytest.mark.config({"mqtt.max_receive": 8})
def test_server_receive_maximum_exceeded(broker):
    bystander, publisher = broker.client("bystander"), broker.client("p")
    allowed = publisher.connack.get("receive_maximum", 65535)
    assert allowed == 8
    publisher.send(b"".join(wire.publish("a", "x", 2, packet_id) for packet_id in range(1, 10)))
    for packet_id in range(1, 9):
        assert publisher.expect(wire.PUBREC).packet_id == packet_id
    publisher.expect_disconnect(0x93)
    bystander.quiet()


def test_unknown_packet_ids(broker):
    client = broker.client("c")
    client.send(wire.ack(wire.PUBREL, 77))
    answer = client.expect(wire.PUBCOMP)
    assert (answer.packet_id, answer.code) == (77, 0x92)
    client.send(wire.ack(wire.PUBREC, 78))
    answer = client.expect(wire.PUBREL)
    assert (answer.packet_id, answer.code) == (78, 0x92)


def test_acknowledgements_for_nothing_before_5(broker):
    client = broker.client("c", wire.V311)
    client.send(wire.ack(wire.PUBREL, 77))
    assert client.expect(wire.PUBCOMP).packet_id == 77
    client.quiet()


def test_pubrec_with_an_error_ends_the_exchange(broker):
    subscriber, publisher = broker.client("s", props={"receive_maximum": 1}), broker.client("p")
    subscriber.subscribe(("a", 2))
    publisher.publish("a", "1", 2)
    publisher.publish("a", "2", 2)
    first = subscriber.expect(wire.PUBLISH)
    subscriber.send(wire.ack(wire.PUBREC, first.packet_id, 0x83))
    assert subscriber.message().payload == b"2"


def test_no_matching_subscribers(broker):
    publisher = broker.client("p")
    assert publisher.publish("nobody", "x", 1).code == 0x10
    assert publisher.publish("nobody", "x", 2).code == 0x10
    broker.client("s").subscribe("nobody")
    assert publisher.publish("nobody", "x", 1).code == 0


@pytest.mark.config({"mqtt.max_qos_allowed": 1})
def test_maximum_qos(broker):
    client = broker.client("c")
    assert client.connack.get("maximum_qos") == 1
    assert client.subscribe(("a", 2)).codes == [1]
    client.send(wire.publish("a", "x", 2, 1))
    client.expect_disconnect(0x9B)
