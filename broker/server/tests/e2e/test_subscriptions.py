"""Topic filters, subscription options, identifiers, overlaps, SUBACK and UNSUBACK."""

import pytest

import wire

NO_LOCAL, RETAIN_AS_PUBLISHED = 4, 8

MATCHES = [
    ("a/b", ["a/b"], ["a", "a/b/c", "A/b", "/a/b", "a/b/"]),
    ("a/+", ["a/b", "a/", "a/$x"], ["a", "a/b/c"]),
    ("+/b", ["a/b", "/b"], ["a/c", "$x/b"]),
    ("+", ["a"], ["a/b", "/a", "$x"]),
    ("/+", ["/a"], ["a", "a/b"]),
    ("+/+", ["a/b", "/a"], ["a", "a/b/c"]),
    ("a/#", ["a", "a/b", "a/b/c", "a/"], ["b", "ab"]),
    ("#", ["a", "a/b/c", "/"], ["$x", "$x/a"]),
    ("$x/#", ["$x", "$x/a/b"], ["x"]),
    ("$x/+/c", ["$x/b/c"], ["$x/b"]),
    ("a/+/c/#", ["a/b/c", "a/b/c/d/e", "a//c"], ["a/c", "a/b/d"]),
    ("+/+/#", ["a/b", "a/b/c/d"], ["a"]),
    ("ä/ü/\U0001f600", ["ä/ü/\U0001f600"], ["a/u"]),
    (" / ", [" / "], ["/"]),
]


@pytest.mark.parametrize("topic_filter,hits,misses", MATCHES, ids=[each[0].encode("unicode_escape").decode() for each in MATCHES])
def test_matching(broker, topic_filter, hits, misses):
    subscriber, publisher = broker.client("s"), broker.client("p")
    subscriber.subscribe(topic_filter, "$end")
    for topic in misses + hits:
        publisher.publish(topic, topic)
    publisher.publish("$end")
    got = []
    while (message := subscriber.message()).topic != "$end":
        got.append(message.topic)
    assert got == hits


def test_suback_has_a_code_for_each_filter(broker, version):
    client = broker.client("c", version)
    assert client.subscribe(("a", 0), ("b", 1), ("c/+", 2), ("d/#", 1)).codes == [0, 1, 2, 1]


def test_unsuback_codes(broker):
    client = broker.client("c")
    client.subscribe("a", "b/+")
    assert client.unsubscribe("a", "never", "b/+", "a").codes == [0, 0x11, 0, 0x11]


def test_unsubscribe_before_5(broker):
    client, publisher = broker.client("c", wire.V311), broker.client("p")
    client.subscribe("a", "b")
    client.unsubscribe("a")
    publisher.publish("a", "no")
    publisher.publish("b", "yes")
    assert client.message().payload == b"yes"


def test_filters_are_compared_by_character(broker):
    client, publisher = broker.client("c"), broker.client("p")
    client.subscribe("a/b", "a/+")
    client.unsubscribe("a/+")
    publisher.publish("a/x", "no")
    publisher.publish("a/b", "yes")
    assert client.message().payload == b"yes"


def test_subscribing_again_replaces(broker):
    client, publisher = broker.client("c"), broker.client("p")
    client.subscribe(("a", 0), props={"subscription_id": 1})
    client.subscribe(("a", 1), props={"subscription_id": 2})
    publisher.publish("a", "1", 1)
    message = client.message()
    assert (message.qos, message.all("subscription_id")) == (1, [2])
    client.quiet()


def test_subscribing_again_without_identifier_drops_it(broker):
    client, publisher = broker.client("c"), broker.client("p")
    client.subscribe("a", props={"subscription_id": 1})
    client.subscribe("a")
    publisher.publish("a", "1")
    assert client.message().all("subscription_id") == []


@pytest.mark.parametrize("identifier", [1, 127, 128, 16383, 16384, 2097152, 268435455])
def test_subscription_identifier(broker, identifier):
    client = broker.client("c")
    client.subscribe("a", props={"subscription_id": identifier})
    client.publish("a", "1")
    assert client.message().all("subscription_id") == [identifier]


def test_identifiers_survive_a_reconnect(broker):
    client = broker.client("c", clean=False, props={"session_expiry": 300})
    client.subscribe(("a", 1), props={"subscription_id": 9})
    client.disconnect()
    broker.client("p").publish("a", "1", 1)
    assert broker.client("c", clean=False).message().all("subscription_id") == [9]


def test_overlapping_subscriptions_make_one_copy(broker):
    """At the highest granted QoS, with all matching identifiers."""
    client, publisher = broker.client("c"), broker.client("p")
    for number, (name, qos) in enumerate([("o/a", 0), ("o/+", 2), ("o/#", 1), ("+/a", 1), ("other", 2)], 1):
        client.subscribe((name, qos), props={"subscription_id": number})
    publisher.publish("o/a", "1", 2)
    message = client.message()
    assert message.qos == 2
    assert sorted(message.all("subscription_id")) == [1, 2, 3, 4]
    publisher.publish("o/a", "2", 2)
    assert client.message().payload == b"2"


@pytest.mark.parametrize("version", [wire.V31, wire.V311])
def test_overlapping_subscriptions_before_5(broker, version):
    client, publisher = broker.client("c", version), broker.client("p")
    client.subscribe(("o/a", 0), ("o/+", 2), ("o/#", 1))
    publisher.publish("o/a", "1", 2)
    assert client.message().qos == 2
    publisher.publish("o/a", "2", 2)
    assert client.message().payload == b"2"


@pytest.mark.config({"mqtt.overlapping_subscriptions": "each"})
def test_one_copy_for_each_subscription_as_an_option(broker):
    client, publisher = broker.client("c"), broker.client("p")
    for number, (name, qos) in enumerate([("o/a", 0), ("o/+", 2)], 1):
        client.subscribe((name, qos), props={"subscription_id": number})
    publisher.publish("o/a", "1", 2)
    messages = [client.message() for _ in range(2)]
    assert sorted((message.all("subscription_id"), message.qos) for message in messages) == [([1], 0), ([2], 2)]


def test_no_local(broker):
    client, other = broker.client("c"), broker.client("o")
    client.subscribe(("a", NO_LOCAL | 1))
    client.publish("a", "mine", 1)
    other.publish("a", "other's", 1)
    assert client.message().payload == b"other's"


def test_no_local_of_one_overlapping_subscription(broker):
    """Only the subscription that asked for it is left out."""
    client = broker.client("c")
    client.subscribe(("a/+", NO_LOCAL | 2), props={"subscription_id": 1})
    client.subscribe(("a/b", 0), props={"subscription_id": 2})
    client.publish("a/b", "mine")
    message = client.message()
    assert (message.qos, message.all("subscription_id")) == (0, [2])


def test_no_local_lasts_over_a_reconnect(broker):
    client = broker.client("c", clean=False, props={"session_expiry": 300})
    client.subscribe(("a", NO_LOCAL | 1))
    client.publish("a", "mine", 1)
    client.disconnect()
    client = broker.client("c", clean=False, props={"session_expiry": 300})
    client.publish("a", "mine again", 1)
    broker.client("o").publish("a", "other's", 1)
    assert client.message().payload == b"other's"


def test_retain_as_published(broker):
    plain, kept, publisher = broker.client("plain"), broker.client("kept"), broker.client("p")
    plain.subscribe(("a", 0))
    kept.subscribe(("a", RETAIN_AS_PUBLISHED))
    publisher.publish("a", "1", retain=True)
    publisher.publish("a", "2", retain=False)
    assert [plain.message().retain for _ in range(2)] == [False, False]
    assert [kept.message().retain for _ in range(2)] == [True, False]


def test_subscriber_gets_its_own_messages(broker, version):
    client = broker.client("c", version)
    client.subscribe(("a", 1))
    client.send(wire.publish("a", "1", 0, version=version))
    assert client.message().payload == b"1"


def test_many_filters_in_one_packet(broker):
    client, publisher = broker.client("c"), broker.client("p")
    names = [f"many/{number}/{'+' if number % 3 else 'x'}" for number in range(500)]
    assert client.subscribe(*[(name, 1) for name in names]).codes == [1] * 500
    publisher.publish("many/499/x", "1", 1)
    assert client.message().topic == "many/499/x"
    assert client.unsubscribe(*names).codes == [0] * 500
    assert publisher.publish("many/499/x", "1", 1).code == 0x10


def test_messages_begin_with_suback(broker):
    """What is published after SUBACK arrived is never missed, whoever publishes it."""
    publisher = broker.client("p")
    for number in range(200):
        with broker.client(f"s{number}") as subscriber:
            subscriber.subscribe((f"now/{number}/#", 1))
            assert publisher.publish(f"now/{number}/x", "1", 1).code == 0
            assert subscriber.message().payload == b"1"
