"""Topics with a meaning of their own: `$exclusive`, `$delayed`, auto-subscribe, rewrite, mount points."""

import time

import pytest

import wire
from broker import HOST, free_port
from raw import RawClient

EXCLUSIVE = pytest.mark.config({"mqtt.exclusive_subscription": True})


@EXCLUSIVE
def test_exclusive_has_one_holder(broker):
    first, second, publisher = (broker.client(name) for name in ("first", "second", "p"))
    assert first.subscribe(("$exclusive/door", 1)).codes == [1]
    assert second.subscribe(("$exclusive/door", 1)).codes == [0x97]
    publisher.publish("door", "open", 1)
    message = first.message()
    assert (message.topic, message.payload) == ("door", b"open")
    second.quiet()
    assert first.subscribe(("$exclusive/door", 0)).codes == [0]


@EXCLUSIVE
@pytest.mark.parametrize("way", ["unsubscribe", "disconnect", "reset"])
def test_exclusive_is_free_again(broker, way):
    first, second = broker.client("first"), broker.client("second")
    first.subscribe("$exclusive/door")
    if way == "unsubscribe":
        assert first.unsubscribe("$exclusive/door").codes == [0]
    else:
        getattr(first, way)()
    deadline = time.monotonic() + 5
    while second.subscribe("$exclusive/door").codes != [0]:
        assert time.monotonic() < deadline


@EXCLUSIVE
def test_exclusive_is_apart_from_ordinary_subscriptions(broker):
    holder, other = broker.client("holder"), broker.client("other")
    holder.subscribe("$exclusive/door")
    assert other.subscribe("door").codes == [0]
    other.publish("door", "open")
    assert holder.message().payload == other.message().payload == b"open"


@EXCLUSIVE
def test_exclusive_takes_no_wildcards(broker):
    client = broker.client("c")
    assert client.subscribe("$exclusive/a/+", "$exclusive/#", "$exclusive/").codes == [0x8F] * 3


def test_exclusive_is_off_by_default(broker):
    assert broker.client("c").subscribe("$exclusive/a").codes == [0x8F]


@pytest.mark.skein
def test_delayed(broker):
    client = broker.client("c")
    client.subscribe(("later/#", 1))
    begin = time.monotonic()
    assert client.publish("$delayed/1/later/a", "x", 1).code in (0, 0x10)
    client.publish("later/b", "now")
    assert client.message().topic == "later/b"
    message = client.message()
    assert (message.topic, message.payload) == ("later/a", b"x")
    assert time.monotonic() - begin >= 0.95


@pytest.mark.skein
def test_delayed_keeps_properties_and_order_of_time(broker):
    client = broker.client("c")
    client.subscribe(("later/#", 1))
    client.publish("$delayed/2/later/a", "second", 1)
    client.publish("$delayed/1/later/b", "first", 1, props={"user": ("k", "v")})
    first, second = client.message(), client.message()
    assert (first.payload, second.payload) == (b"first", b"second")
    assert first.all("user") == [("k", "v")]


@pytest.mark.skein
def test_delayed_retained(broker):
    client = broker.client("c")
    client.subscribe(("later/#", 1))
    client.publish("$delayed/1/later/a", "x", 1, retain=True)
    client.message()
    late = broker.client("late")
    late.subscribe("later/a")
    assert late.message().retain


@pytest.mark.skein
@pytest.mark.parametrize("topic", ["$delayed/1", "$delayed/x/a", "$delayed//a", "$delayed/-1/a", "$delayed/1/"])
def test_delayed_malformed(broker, topic):
    """Refused with 0x90, the connection goes on."""
    client = broker.client("c")
    assert client.publish(topic, "x", 1).code == 0x90
    client.quiet()


@pytest.mark.config({"auto_subscribe.topics": [{"topic": "inbox/${clientid}", "qos": 1}, {"topic": "all", "qos": 0}]})
def test_auto_subscribe(broker, version):
    client, publisher = broker.client("dev7", version), broker.client("p")
    publisher.publish("inbox/dev7", "1", 2)
    publisher.publish("inbox/other", "no", 1)
    message = client.message()
    assert (message.topic, message.qos) == ("inbox/dev7", 1)
    publisher.publish("all", "2")
    assert client.message().topic == "all"


REWRITE = [
    {"action": "publish", "source_topic": "old/#", "dest_topic": "new/$1", "re": "^old/(.+)$"},
    {"action": "subscribe", "source_topic": "mine/#", "dest_topic": "of/${clientid}/$1", "re": "^mine/(.+)$"},
]


@pytest.mark.config({"rewrite": REWRITE})
def test_rewrite(broker):
    client = broker.client("c")
    client.subscribe("new/#", "mine/x")
    client.publish("old/a/b", "1")
    client.publish("of/c/x", "2")
    assert [client.message().topic for _ in range(2)] == ["new/a/b", "of/c/x"]


MOUNTED = {"listeners.tcp.mounted.mountpoint": "tenant/${clientid}/", "listeners.tcp.mounted.bind": f"{HOST}:{free_port()}"}


@pytest.mark.config(MOUNTED)
def test_mount_point(broker):
    host, port = MOUNTED["listeners.tcp.mounted.bind"].split(":")
    inside = RawClient((host, int(port)))
    broker.clients.append(inside)
    inside.connect("t1", will=wire.Will("will"))
    outside = broker.client("outside")
    outside.subscribe("#")
    inside.subscribe("a/#")
    inside.publish("a/b", "in")
    assert inside.message().topic == "a/b"
    assert outside.message().topic == "tenant/t1/a/b"
    outside.publish("a/b", "not for it")
    outside.publish("tenant/t1/a/c", "for it")
    assert inside.message().topic == "a/c"
    inside.reset()
    assert [outside.message().topic for _ in range(3)][2] == "tenant/t1/will"
