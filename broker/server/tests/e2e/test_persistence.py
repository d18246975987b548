"""What outlasts the process: nothing that was acknowledged is lost, however it ends."""

import signal

import pytest

import wire
from broker import Broker, until
from test_process import refused
from test_session import kept

pytestmark = pytest.mark.skein
LOST = pytest.mark.parametrize("lost", [True, False], ids=["killed", "stopped"])


def again(broker, lost, settings=None):
    """The broker anew in the same folder, after it was killed or stopped."""
    for client in broker.clients:
        client.close()
    broker.clients = []
    if lost:
        broker.process.kill()
        broker.process.wait()
    else:
        assert broker.terminate() == 0, broker.log()
    broker.settings |= settings or {}
    return broker.start()


@LOST
def test_sessions_and_what_waits_for_them(broker, version, lost):
    client = broker.client("s", version, **kept(version))
    client.subscribe(("a/1", 1), ("a/2", 2), ("b", 1))
    client.unsubscribe("b")
    client.disconnect()
    publisher = broker.client("p", version)
    for number in range(40):
        publisher.publish(f"a/{1 + number % 2}", str(number), 1 + number % 2)
    again(broker, lost)
    client = broker.client("s", version, **kept(version))
    assert client.resumed
    assert client.payloads(40) == [str(number).encode() for number in range(40)]
    publisher = broker.client("p", version)
    publisher.publish("b", "no", 1)
    publisher.publish("a/1", "live", 1)
    assert client.message().payload == b"live"
    client.quiet()
    again(broker, lost)
    client = broker.client("s", version, **kept(version))
    assert client.resumed
    nothing_new(client, lost)


def nothing_new(client, lost):
    """Nothing is on its way to a client, but for what it acknowledged right before a kill: that may come again."""
    client.send(wire.PING)
    while (packet := client.recv()).kind != wire.PINGRESP:
        assert lost, packet
        if packet.kind == wire.PUBREL:
            client.send(wire.ack(wire.PUBCOMP, packet.packet_id))
        else:
            assert packet.kind == wire.PUBLISH and packet.flags & 8 and packet.payload == b"live", packet
            client.acknowledge(packet)


@LOST
def test_a_session_that_is_connected(broker, lost):
    client = broker.client("s", **kept(wire.V5))
    client.subscribe(("a", 1))
    broker.client("p").publish("a", "1", 1)
    packet = client.expect(wire.PUBLISH)
    again(broker, lost)
    client = broker.client("s", **kept(wire.V5))
    assert client.resumed
    repeated = client.message()
    assert (repeated.payload, repeated.packet_id, repeated.dup) == (b"1", packet.packet_id, True)
    client.quiet()


@LOST
def test_a_qos_2_message_comes_once(broker, lost):
    client = broker.client("s", **kept(wire.V5))
    client.subscribe(("a", 2))
    client.disconnect()
    publisher = broker.client("p", **kept(wire.V5))
    publisher.send(wire.publish("a", b"once", 2, 77))
    assert publisher.expect(wire.PUBREC).packet_id == 77
    again(broker, lost)
    publisher = broker.client("p", **kept(wire.V5))
    assert publisher.resumed
    publisher.send(wire.publish("a", b"once", 2, 77, dup=True))
    assert publisher.expect(wire.PUBREC).packet_id == 77
    publisher.send(wire.ack(wire.PUBREL, 77))
    assert publisher.expect(wire.PUBCOMP).packet_id == 77
    client = broker.client("s", **kept(wire.V5))
    assert client.message().payload == b"once"
    client.quiet()


@LOST
def test_retained_and_delayed_messages(broker, lost):
    publisher = broker.client("p")
    for number in range(20):
        publisher.publish(f"r/{number}", str(number), 1, retain=True)
    publisher.publish("r/7", b"", 1, retain=True)
    publisher.publish("$delayed/3/d", "later", 1)
    again(broker, lost)
    client = broker.client("c")
    client.subscribe(("r/#", 1), ("d", 1))
    found = sorted(int(payload) for payload in client.payloads(19))
    assert found == [number for number in range(20) if number != 7]
    assert client.message().payload == b"later"
    until(lambda: broker.counter("delayed.count") == 0, "nothing is delayed any more")


def test_the_number_of_shards_may_change(start):
    broker = start({"node.shards": 3})
    for number in range(12):
        client = broker.client(f"s{number}", **kept(wire.V5))
        client.subscribe((f"t/{number}", 1), ("$share/g/all", 1))
        client.disconnect()
    publisher = broker.client("p")
    for number in range(12):
        publisher.publish(f"t/{number}", str(number), 1)
    again(broker, True, {"node.shards": 2})
    for number in range(12):
        client = broker.client(f"s{number}", **kept(wire.V5))
        assert client.resumed
        assert client.message().payload == str(number).encode()
    again(broker, False, {"node.shards": 1})
    assert broker.counter("sessions.count") == 12
    # The sessions and their subscriptions, and nothing else.
    assert broker.counter("subscriptions.count") == 24


@pytest.mark.config({"store.enabled": False})
def test_without_a_store_sessions_end_with_the_process(broker):
    broker.client("s", **kept(wire.V5)).subscribe(("a", 1))
    assert "none" in next(line for line in broker.get("/status").splitlines() if line.startswith("store"))
    again(broker, False)
    assert not broker.client("s", **kept(wire.V5)).connack.session_present
    assert not (broker.folder / "data" / "store").exists()


@pytest.mark.config({"listeners.tcp.default.durability": "memory"})
def test_a_listener_may_keep_its_sessions_in_memory(broker):
    broker.client("s", **kept(wire.V5)).subscribe(("a", 1))
    again(broker, True)
    assert not broker.client("s", **kept(wire.V5)).connack.session_present


@pytest.mark.config({"store.durability": "relaxed", "store.sync_interval": "50ms"})
def test_relaxed_sessions_outlast_an_orderly_end(broker):
    client = broker.client("s", **kept(wire.V5))
    client.subscribe(("a", 1))
    client.disconnect()
    broker.client("p").publish("a", "1", 1)
    again(broker, False)
    assert broker.client("s", **kept(wire.V5)).message().payload == b"1"


def test_what_concerns_no_stored_session_is_not_stored(broker):
    client, publisher = broker.client("c"), broker.client("p")
    client.subscribe(("a", 2))
    before = broker.metrics()["skein_store_groups_total"]
    for number in range(100):
        publisher.publish("a", str(number), number % 3)
    client.payloads(100)
    assert broker.metrics()["skein_store_groups_total"] == before


def test_figures_of_the_store(broker):
    client = broker.client("s", **kept(wire.V5))
    client.subscribe(("a", 1))
    client.disconnect()
    before = broker.metrics()
    broker.client("p").publish("a", "1", 1)
    after = broker.metrics()
    for name in ["groups_total", "batches_total", "syncs_total", "group_bytes_total", "group_latency_seconds_count"]:
        assert after[f"skein_store_{name}"] > before[f"skein_store_{name}"], name
    assert after['skein_store_state{state="healthy"}'] == 1
    assert after['skein_store_records{family="queue"}'] == 1
    assert "healthy" in next(line for line in broker.get("/status").splitlines() if line.startswith("store"))


def test_a_folder_in_use(broker, tmp_path):
    folder = str(broker.folder / "data")
    other = Broker(tmp_path, {"node.data_dir": folder})
    try:
        refused(other, folder, "in use by another process")
    finally:
        other.kill()
    broker.client("c").quiet()


def test_a_disk_without_room(start):
    """More room is kept in reserve than there is: publishers wait, then are refused; the rest goes on."""
    broker = start({"store.reserve_bytes": "1024GB", "store.wait_max": "200ms"})
    broker.expect_log("store waits for room")
    broker.expect_log("not stored: the disk is full")
    publisher, client = broker.client("p"), broker.client("c")
    client.subscribe(("a", 1))
    publisher.publish("a", "passes", 1)
    assert client.message().payload == b"passes"
    assert publisher.publish("r", "waits", 1, retain=True).code == 0x97
    until(lambda: broker.metrics()['skein_store_state{state="full"}'] == 1, "the store is full")
    broker.process.send_signal(signal.SIGTERM)
    # What was asked for and never acknowledged is not stored, and the exit code says so.
    assert broker.process.wait(20) == 1, broker.log()
    broker.process.returncode = 0
