"""What the broker tells about itself: /status, /metrics, `$SYS`."""

import json
import urllib.error

import pytest

import wire
from broker import until

pytestmark = pytest.mark.skein
NODE = "skein@127.0.0.1"


def rise(broker, names, action):
    """How much each counter rose by `action`, once the first one moved."""
    before = {name: broker.counter(name) for name in names}
    action()
    until(lambda: broker.counter(names[0]) > before[names[0]], f"{names[0]} rises")
    return {name: broker.counter(name) - before[name] for name in names}


@pytest.mark.config({"node.shards": 1})
def test_status(broker):
    broker.client("c")
    assert "running" in broker.get("/status")
    status = json.loads(broker.get("/status?format=json"))
    assert status["node"] == NODE and status["ready"] is True
    assert status["shards"] == status["shards_answering"] == 1
    assert status["listeners"][0]["port"] == broker.port
    until(lambda: json.loads(broker.get("/status?format=json"))["live_connections"] == 1, "one client")


def test_unknown_path(broker):
    with pytest.raises(urllib.error.HTTPError) as error:
        broker.get("/nothing")
    assert error.value.code == 404


def test_metrics_are_well_formed(broker):
    seen = set()
    for line in broker.get("/metrics").splitlines():
        if line.startswith("# TYPE"):
            _, _, name, kind = line.split()
            assert kind in ("counter", "gauge", "histogram") and name not in seen
            assert kind != "counter" or name.endswith("_total")
            seen |= {name + part for part in ("_bucket", "_sum", "_count")} if kind == "histogram" else {name}
        elif not line.startswith("#") and line:
            assert line.split("{")[0].split(" ")[0] in seen
    assert len(seen) > 80


def test_messages_and_packets_are_counted(broker):
    subscriber, publisher = broker.client("s"), broker.client("p")
    subscriber.subscribe(("a", 2))

    def three():
        for qos in range(3):
            publisher.publish("a", "x" * 50, qos)
        subscriber.payloads(3)
        subscriber.quiet()

    names = ["messages.qos2.sent", "messages.qos0.received", "messages.qos1.received", "messages.qos2.received"]
    names += ["messages.received", "messages.sent", "messages.delivered", "packets.publish.received", "packets.publish.sent"]
    names += ["packets.puback.sent", "packets.pubrec.sent", "packets.pubrel.received", "packets.pubcomp.sent"]
    names += ["bytes.received", "bytes.sent"]
    risen = rise(broker, names, three)
    assert [risen[name] for name in names[:9]] == [1, 1, 1, 1, 3, 3, 3, 3, 3]
    assert [risen[name] for name in names[9:13]] == [1, 1, 1, 1]
    assert risen["bytes.received"] > 150 and risen["bytes.sent"] > 150


def test_dropped_and_malformed_are_counted(broker):
    client = broker.client("c")
    risen = rise(broker, ["messages.dropped.no_subscribers"], lambda: client.publish("nobody", "x", 1))
    assert risen == {"messages.dropped.no_subscribers": 1}

    def fault():
        client.send(b"\0\0")
        client.expect_disconnect(0x81)

    assert rise(broker, ["packets.malformed"], fault) == {"packets.malformed": 1}


def test_no_local_and_too_large_are_counted(broker):
    client = broker.client("c", props={"maximum_packet_size": 50})
    client.subscribe(("mine", 4), ("large", 0))

    def both():
        client.publish("mine", "x")
        client.publish("large", "x" * 100)

    risen = rise(broker, ["delivery.dropped.too_large", "delivery.dropped.no_local", "delivery.dropped"], both)
    assert list(risen.values()) == [1, 1, 2]


def test_sessions_are_counted(broker):
    def three():
        broker.client("s", clean=False, props={"session_expiry": 60}).disconnect()
        broker.client("s", clean=False, props={"session_expiry": 60})
        broker.client("s", clean=True)

    names = ["session.discarded", "session.created", "session.resumed", "session.takenover", "client.connected"]
    assert list(rise(broker, names, three).values()) == [1, 2, 1, 1, 3]
    assert broker.counter("sessions.count") == 1


@pytest.mark.config({"sys_topics.sys_msg_interval": "infinity"})
def test_gauges(broker):
    """Without `$SYS` messages, which are retained too."""
    client = broker.client("c")
    client.subscribe("a", "b/#", "$share/g/c")
    client.publish("kept", "x", 1, retain=True)
    client.publish("$delayed/100/later", "x", 1)
    gauges = {"subscriptions.count": 3, "subscriptions.shared.count": 1, "retained.count": 1, "delayed.count": 1}
    gauges |= {"topics.count": 3, "live_connections.count": 1}
    until(lambda: all(broker.counter(name) == value for name, value in gauges.items()), f"{gauges}")
    client.disconnect()
    until(lambda: broker.counter("subscriptions.count") == 0, "subscriptions go with their session")


def test_the_state_of_the_process(broker):
    metrics = broker.metrics()
    assert metrics["process_resident_memory_bytes"] > 1 << 20
    assert any(name.startswith("skein_info{") for name in metrics)


@pytest.mark.config({"sys_topics.sys_msg_interval": "1s", "sys_topics.sys_heartbeat_interval": "1s"})
def test_sys_topics(broker):
    client = broker.client("c")
    client.subscribe("$SYS/brokers", "$SYS/brokers/#")
    wanted = {"version", "sysdescr", "uptime", "datetime", "stats/connections/count", "metrics/messages/received", "metrics/bytes/sent"}
    found = {}
    while not wanted <= found.keys():
        message = client.message()
        if message.topic == "$SYS/brokers":
            assert message.payload.decode() == NODE
            continue
        found[message.topic.removeprefix(f"$SYS/brokers/{NODE}/")] = message.payload.decode()
    assert int(found["stats/connections/count"]) == 1
    assert found["datetime"].startswith("20") and found["datetime"].endswith("Z")


def test_sys_topics_are_not_matched_by_root_wildcards(start):
    broker = start({"sys_topics.sys_msg_interval": "1s"})
    client, other = broker.client("c"), broker.client("other")
    client.subscribe("#", "+/#", "+/brokers")
    other.subscribe("$SYS/brokers/+/version")
    other.message()
    client.publish("end", "x")
    assert client.message().topic == "end"


EVENTS = {f"sys_topics.sys_event_messages.client_{name}": True for name in ("connected", "disconnected", "subscribed", "unsubscribed")}


@pytest.mark.config(EVENTS)
def test_client_events(broker):
    watcher = broker.client("watcher")
    watcher.subscribe(f"$SYS/brokers/{NODE}/clients/dev/+")
    client = broker.client("dev", keep_alive=33)
    client.subscribe(("a/+", 1))
    client.unsubscribe("a/+")
    client.disconnect()
    events = [watcher.message() for _ in range(4)]
    assert [event.topic.rsplit("/", 1)[1] for event in events] == ["connected", "subscribed", "unsubscribed", "disconnected"]
    bodies = [json.loads(event.payload) for event in events]
    assert all(body["clientid"] == "dev" for body in bodies)
    assert bodies[0]["keepalive"] == 33 and bodies[1]["topic"] == "a/+"


def test_clients_cannot_publish_to_sys(broker):
    client, watcher = broker.client("c"), broker.client("w")
    watcher.subscribe("$SYS/#", "end")
    assert client.publish(f"$SYS/brokers/{NODE}/version", "mine", 1).code >= 0x80
    client.send(wire.publish("end"))
    while (message := watcher.message()).topic != "end":
        assert message.payload != b"mine"
