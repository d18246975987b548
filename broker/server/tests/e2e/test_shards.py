"""Several shards: what one shard accepts lives on another, and nobody notices."""

import pytest

import wire
from broker import until
from raw import Closed
from wire import Will

pytestmark = pytest.mark.config({"node.shards": 2})


def kept(seconds=300):
    return dict(clean=False, props={"session_expiry": seconds})


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_everybody_reaches_everybody(broker, version, qos):
    """Sixteen clients spread over the shards by their names, each with a topic of its own and one in common."""
    clients = [broker.client(f"c{number}", version) for number in range(16)]
    for number, client in enumerate(clients):
        client.subscribe((f"own/{number}", qos), ("common/+", qos))
    for sender, client in enumerate(clients):
        for number in range(16):
            if number != sender:
                client.send(wire.publish(f"own/{number}", str(sender), version=version))
    for number, client in enumerate(clients):
        assert sorted(int(payload) for payload in client.payloads(15)) == [each for each in range(16) if each != number]
    publisher = broker.client("p", version)
    publisher.publish_many([("common/x", str(number)) for number in range(50)], qos)
    for client in clients:
        assert client.payloads(50) == [str(number).encode() for number in range(50)]


def test_subscribed_means_reached(broker):
    """Publishes sent after SUBACK came are never missed, on whatever shards the two live."""
    for round_ in range(150):
        subscriber, publisher = broker.client(f"s{round_}"), broker.client(f"p{round_}")
        assert publisher.publish(f"t/{round_}/x", "early", 1).code == 0x10
        subscriber.subscribe((f"t/{round_}/{'+' if round_ % 2 else 'x'}", 1))
        assert publisher.publish(f"t/{round_}/x", "late", 1).code == 0
        assert subscriber.message().payload == b"late"
        subscriber.disconnect()
        until(lambda: publisher.publish(f"t/{round_}/x", "gone", 1).code == 0x10, "the route goes")
        publisher.disconnect()


def test_takeover_whatever_shard_accepts(broker):
    previous = broker.client("same", **kept())
    previous.subscribe(("a", 1))
    publisher = broker.client("p")
    for number in range(40):
        client = broker.client("same", **kept())
        assert client.connack.session_present
        previous.expect_disconnect(0x8E)
        publisher.publish("a", str(number), 1)
        assert client.message().payload == str(number).encode()
        previous = client


def test_resume_whatever_shard_accepts(broker):
    publisher = broker.client("p")
    broker.client("s", **kept()).subscribe(("q/#", 2))
    broker.clients[-1].disconnect()
    for round_ in range(20):
        publisher.publish_many([(f"q/{number}", f"{round_}.{number}") for number in range(5)], 2)
        client = broker.client("s", **kept())
        assert client.connack.session_present
        assert client.payloads(5) == [f"{round_}.{number}".encode() for number in range(5)]
        client.quiet()
        client.disconnect()


def test_unread_bytes_move_along(broker):
    """CONNECT and many publishes in one segment: all of it moves to the session's home, in order."""
    subscriber = broker.client("s")
    subscriber.subscribe("burst/#")
    for number in range(20):
        client = broker.dial()
        packets = [wire.publish(f"burst/{number}", str(each)) for each in range(200)]
        client.send(wire.connect(wire.V5, f"b{number}") + b"".join(packets) + wire.PING)
        client.expect(wire.CONNACK)
        client.expect(wire.PINGRESP)
        assert subscriber.payloads(200) == [str(each).encode() for each in range(200)]


def test_assigned_ids_stay_where_they_are_accepted(broker):
    clients = [broker.client("") for _ in range(20)]
    names = {client.connack.get("assigned_client_id") for client in clients}
    assert len(names) == 20
    for client in clients:
        client.subscribe("a")
    clients[0].publish("a", "x")
    for client in clients:
        assert client.message().payload == b"x"


def test_order_of_one_publisher(broker):
    subscribers = [broker.client(f"s{number}") for number in range(6)]
    for subscriber in subscribers:
        subscriber.subscribe(("order/#", 1))
    publisher = broker.client("p")
    publisher.publish_many([(f"order/{number % 40}", str(number)) for number in range(1000)], 1)
    for subscriber in subscribers:
        assert subscriber.payloads(1000) == [str(number).encode() for number in range(1000)]


def test_retained_from_all_shards(broker):
    publisher = broker.client("p")
    for number in range(500):
        publisher.publish(f"r/{number}/x", str(number), retain=True)
    publisher.publish("r/500/x", "500", 1, retain=True)
    for name in ("one", "two", "three"):
        client = broker.client(name)
        client.send(wire.subscribe(1, ("r/+/x", 1)))
        client.expect(wire.SUBACK)
        assert sorted(int(payload) for payload in client.payloads(501)) == list(range(501))
        client.quiet()


def test_last_retained_value_everywhere(broker):
    publisher = broker.client("p")
    for number in range(200):
        publisher.publish("last", str(number), 1, retain=True)
        with broker.client(f"s{number}") as client:
            client.subscribe("last")
            assert client.message().payload == str(number).encode()


def test_wills_cross_shards(broker):
    watcher = broker.client("watcher")
    watcher.subscribe(("will/#", 1))
    for number in range(16):
        broker.client(f"c{number}", will=Will(f"will/{number}", qos=1)).reset()
    assert sorted(int(watcher.message().topic[5:]) for _ in range(16)) == list(range(16))


def test_shared_over_shards(broker):
    members = [broker.client(f"m{number}") for number in range(6)]
    for member in members:
        member.subscribe(("$share/g/s/#", 1))
    publisher = broker.client("p")
    publisher.publish_many([("s/x", str(number)) for number in range(300)], 1)
    got = [member.payloads(50) for member in members]
    assert sorted(int(payload) for each in got for payload in each) == list(range(300))


def test_shared_redispatch_over_shards(broker):
    members = [broker.client(f"m{number}") for number in range(6)]
    for member in members:
        member.subscribe(("$share/g/s/#", 1))
    publisher = broker.client("p")
    publisher.publish_many([("s/x", str(number)) for number in range(60)], 1)
    held = [[member.expect(wire.PUBLISH) for _ in range(10)] for member in members]
    for member in members[1:]:
        member.reset()
    for packet in held[0]:
        members[0].acknowledge(packet)
    got = {packet.payload for packet in held[0]} | set(members[0].payloads(50))
    assert got == {str(number).encode() for number in range(60)}


@pytest.mark.config({"mqtt.exclusive_subscription": True})
def test_exclusive_over_shards(broker):
    clients = [broker.client(f"c{number}") for number in range(8)]
    codes = [client.subscribe("$exclusive/door").codes[0] for client in clients]
    assert codes == [0] + [0x97] * 7


def test_root_wildcards(broker):
    """Filters without a prefix are held by every shard."""
    clients = [broker.client(f"c{number}") for number in range(6)]
    for number, client in enumerate(clients):
        client.subscribe((["#", "+/x", "+/+"][number % 3], 1))
    for number in range(20):
        broker.client(f"p{number}").publish(f"t{number}/x", str(number), 1)
    for client in clients:
        assert sorted(int(payload) for payload in client.payloads(20)) == list(range(20))
    for client in clients:
        client.unsubscribe("#", "+/x", "+/+")
    until(lambda: clients[0].publish("t/x", "y", 1).code == 0x10, "all routes go")


def test_malformed_on_one_shard(broker):
    bystanders = [broker.client(f"b{number}") for number in range(4)]
    for number in range(16):
        client = broker.client(f"bad{number}")
        client.send(b"\0\0")
        client.expect_disconnect(0x81)
    for number in range(8):
        client = broker.dial()
        client.send(b"\0\0")
        try:
            client.expect_closed()
        except Closed:
            pass
    for client in bystanders:
        client.quiet()


def test_slow_reader_on_another_shard(broker):
    slow = [broker.dial(receive_buffer=4096) for _ in range(4)]
    for number, client in enumerate(slow):
        client.connect(f"slow{number}")
        client.subscribe(("a", 0))
    fast = [broker.client(f"fast{number}") for number in range(4)]
    for client in fast:
        client.subscribe(("a", 1))
    publisher = broker.client("p")
    payload = b"x" * 20_000
    for _ in range(500):
        publisher.publish("a", payload, 1)
        for client in fast:
            assert len(client.message().payload) == len(payload)


def test_connections_are_spread(broker):
    """Every shard serves some of 64 clients."""
    for number in range(64):
        broker.client(f"c{number}")
    found = {name: value for name, value in broker.metrics().items() if name.startswith("skein_shard_connections{")}
    assert len(found) == 2 and all(value > 10 for value in found.values()) and sum(found.values()) == 64


def test_stop_with_two_shards(broker):
    clients = [broker.client(f"c{number}") for number in range(16)]
    assert broker.terminate() == 0
    for client in clients:
        client.expect_disconnect(0x8B)


@pytest.mark.config({"node.shards": 4})
def test_more_shards_than_processors(broker):
    clients = [broker.client(f"c{number}") for number in range(16)]
    for client in clients:
        client.subscribe(("common", 1))
    for number, client in enumerate(clients):
        client.send(wire.publish("common", str(number)))
    for client in clients:
        assert sorted(int(payload) for payload in client.payloads(16)) == list(range(16))
