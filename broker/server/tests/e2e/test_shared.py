"""Shared subscriptions: each message to one member, the strategies, and what happens when a member goes."""

import collections

import pytest

import wire
from broker import until
from raw import Timeout


def members(broker, count, topic_filter="$share/g/s/#", qos=1):
    clients = [broker.client(f"m{number}") for number in range(count)]
    for client in clients:
        client.subscribe((topic_filter, qos))
    return clients


def drain(clients, total):
    """Everything the members get, `total` messages, as lists of payloads."""
    got = [[] for _ in clients]

    def all_there():
        for number, client in enumerate(clients):
            try:
                while True:
                    got[number].append(client.message(0.02).payload)
            except Timeout:
                pass
        return sum(map(len, got)) >= total

    until(all_there, f"{total} messages")
    assert sum(map(len, got)) == total
    return got


def test_each_message_to_one_member(broker):
    clients, publisher = members(broker, 3), broker.client("p")
    publisher.publish_many([("s/x", str(number)) for number in range(300)])
    got = drain(clients, 300)
    assert sorted(int(payload) for each in got for payload in each) == list(range(300))


def test_round_robin_is_even(broker):
    clients, publisher = members(broker, 3), broker.client("p")
    publisher.publish_many([("s/x", str(number)) for number in range(300)])
    assert [len(each) for each in drain(clients, 300)] == [100, 100, 100]


def test_groups_are_apart(broker):
    one, two, plain = broker.client("one"), broker.client("two"), broker.client("plain")
    one.subscribe(("$share/g1/s", 1))
    two.subscribe(("$share/g2/s", 1))
    plain.subscribe(("s", 1))
    broker.client("p").publish("s", "x", 1)
    for client in (one, two, plain):
        assert client.message().payload == b"x"


@pytest.mark.parametrize("version", [wire.V31, wire.V311])
def test_older_clients_share_too(broker, version):
    client = broker.client("m", version)
    assert client.subscribe(("$share/g/s", 1)).codes == [1]
    broker.client("p").publish("s", "x", 1)
    assert client.message().topic == "s"


@pytest.mark.config({"broker.shared_subscription_strategy": "sticky"})
def test_sticky(broker):
    clients, publisher = members(broker, 3), broker.client("p")
    publisher.publish_many([("s/x", str(number)) for number in range(60)])
    counts = sorted(len(each) for each in drain(clients, 60))
    assert counts == [0, 0, 60]


@pytest.mark.config({"broker.shared_subscription_strategy": "hash_clientid"})
def test_hash_clientid(broker):
    clients = members(broker, 4)
    for number in range(8):
        broker.client(f"p{number}").publish_many([("s/x", f"p{number}")] * 10)
    holders = collections.defaultdict(set)
    for number, each in enumerate(drain(clients, 80)):
        for payload in each:
            holders[payload].add(number)
    assert len(holders) == 8 and all(len(each) == 1 for each in holders.values())


@pytest.mark.config({"broker.shared_subscription_strategy": "hash_topic"})
def test_hash_topic(broker):
    clients, publisher = members(broker, 4), broker.client("p")
    publisher.publish_many([(f"s/{number % 20}", str(number % 20)) for number in range(200)])
    holders = collections.defaultdict(set)
    for number, each in enumerate(drain(clients, 200)):
        for payload in each:
            holders[payload].add(number)
    assert len(holders) == 20 and all(len(each) == 1 for each in holders.values())
    assert len(set.union(*holders.values())) > 1


@pytest.mark.config({"broker.shared_subscription_strategy": "random"})
def test_random(broker):
    clients, publisher = members(broker, 3), broker.client("p")
    publisher.publish_many([("s/x", str(number)) for number in range(300)])
    assert all(len(each) > 40 for each in drain(clients, 300))


@pytest.mark.config({"broker.shared_subscription_strategy": "least_inflight", "node.shards": 1})
def test_least_inflight_spares_the_slow(broker):
    (slow, fast), publisher = members(broker, 2), broker.client("p")
    publisher.publish_many([("s/x", str(number)) for number in range(2)])
    fast_got = [fast.message()]
    until(lambda: slow.expect(wire.PUBLISH), "the slow one gets its first")
    for number in range(20):
        publisher.publish("s/x", str(number), 1)
        fast_got.append(fast.message())
    assert len(fast_got) == 21


@pytest.mark.config({"broker.shared_subscription_group.special.strategy": "sticky"})
def test_strategy_of_one_group(broker):
    clients, publisher = members(broker, 3, "$share/special/s/#"), broker.client("p")
    publisher.publish_many([("s/x", str(number)) for number in range(30)])
    assert sorted(len(each) for each in drain(clients, 30)) == [0, 0, 30]


def test_unacknowledged_go_to_another_member(broker):
    (stays, goes), publisher = members(broker, 2), broker.client("p")
    publisher.publish_many([("s/x", str(number)) for number in range(20)])
    held = [goes.expect(wire.PUBLISH).payload for _ in range(10)]
    mine = stays.payloads(10)
    goes.reset()
    again = stays.payloads(10)
    assert sorted(again) == sorted(held)
    assert len(set(mine + again)) == 20


def test_offline_members_get_nothing_while_one_is_online(broker):
    asleep = broker.client("asleep", clean=False, props={"session_expiry": 300})
    asleep.subscribe(("$share/g/s/#", 1))
    asleep.disconnect()
    (online,), publisher = members(broker, 1), broker.client("p")
    publisher.publish_many([("s/x", str(number)) for number in range(10)])
    assert len(online.payloads(10)) == 10
    broker.client("asleep", clean=False).quiet()


def test_offline_members_collect_when_nobody_is_online(broker):
    asleep = broker.client("asleep", clean=False, props={"session_expiry": 300})
    asleep.subscribe(("$share/g/s/#", 1))
    asleep.disconnect()
    broker.client("p").publish("s/x", "1", 1)
    assert broker.client("asleep", clean=False).message().payload == b"1"


def test_unsubscribe_leaves_the_group(broker):
    (one, two), publisher = members(broker, 2), broker.client("p")
    assert one.unsubscribe("$share/g/s/#").codes == [0]
    publisher.publish_many([("s/x", str(number)) for number in range(10)])
    assert len(two.payloads(10)) == 10
    one.quiet()
    assert two.unsubscribe("$share/g/s/#", "$share/other/s/#").codes == [0, 0x11]
    assert publisher.publish("s/x", "x", 1).code == 0x10


def test_identifier_of_a_shared_subscription(broker):
    client = broker.client("m")
    client.subscribe(("$share/g/s", 1), props={"subscription_id": 5})
    broker.client("p").publish("s", "x", 1)
    assert client.message().all("subscription_id") == [5]


def test_publisher_in_the_group_may_get_its_own(broker):
    client = broker.client("m")
    client.subscribe(("$share/g/s", 1))
    client.send(wire.publish("s", "x"))
    assert client.message().payload == b"x"


@pytest.mark.config({"mqtt.shared_subscription": False})
def test_shared_not_available(broker):
    client = broker.client("c")
    assert client.connack.get("shared_available") == 0
    assert client.subscribe("$share/g/a", "b").codes == [0x9E, 0]
