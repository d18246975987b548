"""Limits of the configuration: each with its reason code, each told in CONNACK where 5.0 has a field for it."""

import time

import pytest

import wire
from raw import Closed

KB = 1024


def size_to(packet_bytes, topic="a", version=wire.V5):
    """A PUBLISH of that many bytes, fixed header included."""
    whole = wire.publish(topic, b"x" * packet_bytes, version=version)
    whole = wire.publish(topic, b"x" * (2 * packet_bytes - len(whole)), version=version)
    assert len(whole) == packet_bytes
    return whole


@pytest.mark.config({"mqtt.max_packet_size": "10KB"})
def test_maximum_packet_size(broker, version):
    bystander, client = broker.client("b", version), broker.client("c", version)
    client.subscribe("a")
    if version == wire.V5:
        assert client.connack.get("maximum_packet_size") == 10 * KB
    client.send(size_to(10 * KB, version=version))
    assert len(client.message().payload) > 9 * KB
    client.send(size_to(10 * KB + 1, version=version))
    client.expect_disconnect(0x95)
    bystander.quiet()


@pytest.mark.config({"mqtt.max_packet_size": "10KB"})
def test_a_fixed_header_alone_is_enough_to_refuse(broker):
    """No byte of the body need arrive."""
    client = broker.client("c")
    client.send(b"\x30\xff\xff\xff\x7f")
    client.expect_disconnect(0x95)


@pytest.mark.config({"mqtt.max_packet_size": "1KB"})
def test_connect_too_large(broker):
    client = broker.dial()
    client.send(wire.connect(wire.V5, "c" * 2000))
    try:
        assert client.expect(wire.CONNACK).code == 0x95
        client.expect_closed()
    except Closed:
        pass


@pytest.mark.config({"mqtt.max_clientid_len": 30})
def test_client_id_too_long(broker, version):
    broker.client("c" * 30, version)
    client = broker.dial(version)
    client.connect("c" * 31, code=0x85 if version == wire.V5 else 2)
    client.expect_closed()


@pytest.mark.config({"mqtt.max_topic_levels": 4, "mqtt.max_topic_length": 20})
@pytest.mark.parametrize("bad,good", [("a/b/c/d/e", "a/b/c/d"), ("x" * 21, "x" * 20)])
def test_topics(broker, bad, good):
    client = broker.client("c")
    assert client.subscribe((good, 1), (bad, 1)).codes == [1, 0x8F]
    assert client.publish(bad, "x", 2).code == 0x90
    client.publish(good, "x")
    assert client.message().topic == good


@pytest.mark.config({"mqtt.max_subscriptions": 3})
def test_subscriptions(broker):
    client = broker.client("c")
    assert client.subscribe("a", "b", "c", "d", "a").codes == [0, 0, 0, 0x97, 0]
    client.unsubscribe("a")
    assert client.subscribe("d").codes == [0]


@pytest.mark.config({"mqtt.max_subscriptions": 1})
def test_subscriptions_311(broker):
    client = broker.client("c", wire.V311)
    assert client.subscribe("a", "b").codes == [0, 0x80]


@pytest.mark.config({"mqtt.wildcard_subscription": False})
def test_wildcards_not_available(broker):
    client = broker.client("c")
    assert client.connack.get("wildcard_available") == 0
    assert client.subscribe("a/#", "+", "b").codes == [0xA2, 0xA2, 0]


@pytest.mark.config({"mqtt.max_topic_alias": 0})
def test_no_aliases(broker):
    client = broker.client("c")
    assert client.connack.get("topic_alias_maximum") in (None, 0)
    client.send(wire.publish("a", "x", props={"topic_alias": 1}))
    client.expect_disconnect(0x94)


@pytest.mark.config({"listeners.tcp.default.max_connections": 3, "node.shards": 1})
def test_connections(broker):
    clients = [broker.client(f"c{number}") for number in range(3)]
    refused = broker.dial()
    try:
        refused.send(wire.connect(wire.V5, "more"))
        refused.expect_closed()
    except OSError:
        pass
    clients.pop().disconnect()
    deadline = time.monotonic() + 5
    while True:
        try:
            broker.client("again")
            break
        except (Closed, OSError):
            assert time.monotonic() < deadline
    for client in clients:
        client.quiet()


@pytest.mark.config({"listeners.tcp.default.max_conn_rate": "5/10s", "node.shards": 1})
def test_connect_rate(broker):
    """A burst of what the rate allows in its time gets in, the rest is closed right away."""
    served = 0
    for number in range(12):
        client = broker.dial()
        try:
            client.connect(f"c{number}")
            served += 1
        except (Closed, OSError):
            pass
    assert 5 <= served <= 7


@pytest.mark.config({"listeners.tcp.default.messages_rate": "100/s", "listeners.tcp.default.messages_burst": 10})
def test_messages_rate_holds_back_and_loses_nothing(broker):
    subscriber, publisher = broker.client("s"), broker.client("p")
    subscriber.subscribe("a")
    begin = time.monotonic()
    publisher.send(b"".join(wire.publish("a", str(number)) for number in range(160)))
    other = broker.client("other")
    other.publish("b", "x", 1)
    assert time.monotonic() - begin < 1, "another client is not held back"
    assert subscriber.payloads(160) == [str(number).encode() for number in range(160)]
    assert 1.2 <= time.monotonic() - begin <= 4


@pytest.mark.config({"listeners.tcp.default.bytes_rate": "200KB/s", "listeners.tcp.default.bytes_burst": "50KB"})
def test_bytes_rate_holds_back_and_loses_nothing(broker):
    subscriber, publisher = broker.client("s"), broker.client("p")
    subscriber.subscribe("a")
    begin = time.monotonic()
    publisher.send(b"".join(wire.publish("a", b"x" * 10 * KB) for _ in range(40)))
    assert [len(payload) for payload in subscriber.payloads(40)] == [10 * KB] * 40
    assert 1.2 <= time.monotonic() - begin <= 5


@pytest.mark.config({"mqtt.max_awaiting_rel": 3, "mqtt.max_receive": 100})
def test_awaiting_release(broker):
    client = broker.client("c")
    for packet_id in range(1, 5):
        client.send(wire.publish("a", "x", 2, packet_id))
    answers = [client.expect(wire.PUBREC) for _ in range(4)]
    assert [answer.code for answer in answers] == [0x10, 0x10, 0x10, 0x97]
    client.send(wire.ack(wire.PUBREL, 1))
    client.expect(wire.PUBCOMP)
    client.last_id = 10
    assert client.publish("a", "x", 2).code == 0x10


@pytest.mark.config({"mqtt.max_mqueue_bytes": "20KB"})
def test_queue_bytes(broker):
    client = broker.client("s", clean=False, props={"session_expiry": 100})
    client.subscribe(("a", 1))
    client.disconnect()
    publisher = broker.client("p")
    for number in range(20):
        publisher.publish("a", str(number).rjust(4 * KB), 1)
    assert broker.counter("delivery.dropped.queue_full") >= 15
    client = broker.client("s", clean=False)
    assert int(client.message().payload) >= 15


@pytest.mark.config({"mqtt.mqueue_store_qos0": False})
def test_qos0_not_stored_if_configured(broker):
    client = broker.client("s", clean=False, props={"session_expiry": 100})
    client.subscribe(("a", 1))
    client.disconnect()
    publisher = broker.client("p")
    publisher.publish("a", "0", 0)
    publisher.publish("a", "1", 1)
    assert broker.client("s", clean=False).message().payload == b"1"


@pytest.mark.config({"retainer.max_retained_messages": 2, "sys_topics.sys_msg_interval": "infinity", "node.shards": 1})
def test_retained_messages(broker):
    publisher = broker.client("p")
    for number in range(4):
        publisher.publish(f"r/{number}", "x", 1, retain=True)
    client = broker.client("s")
    client.subscribe("r/#")
    assert sorted(client.message().topic for _ in range(2)) == ["r/0", "r/1"]
    client.quiet()
