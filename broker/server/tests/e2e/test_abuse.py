"""Clients that do not play along: they do not read, vanish half-way, all claim one name, or come by the thousands."""

import os
import socket
import threading

import pytest

import wire
from broker import free_port, until
from raw import Closed, RawClient, Timeout
from wire import Will

MB = 1 << 20


def resident(broker):
    """Bytes of memory that the process holds."""
    with open(f"/proc/{broker.process.pid}/statm") as statm:
        return int(statm.read().split()[1]) * 4096


def open_files(broker):
    return len(os.listdir(f"/proc/{broker.process.pid}/fd"))


def push(client, data, limit):
    """Sends `data` again and again without reading, up to `limit` bytes or until the broker takes no more."""
    sent = 0
    client.socket.settimeout(1)
    try:
        while sent < limit:
            sent += client.socket.send(data)
    except (TimeoutError, OSError):
        pass
    return sent


@pytest.mark.skein
@pytest.mark.parametrize(
    "version,packets",
    [
        (wire.V5, wire.PING * 50_000),
        (wire.V311, wire.publish("nobody", "x", 1, 1, version=wire.V311) * 10_000),
        (wire.V5, wire.ack(wire.PUBREL, 7) * 10_000),
        (wire.V311, wire.subscribe(1, "a", version=wire.V311) * 10_000),
    ],
    ids=["pings", "publishes", "releases", "subscribes"],
)
def test_answers_that_nobody_reads_do_not_pile_up(broker, version, packets):
    """The broker stops reading from whoever does not read its answers."""
    bystander = broker.client("bystander")
    greedy = broker.dial(version, receive_buffer=4096)
    greedy.connect("greedy")
    before = resident(broker)
    push(greedy, packets, 60 * MB)
    assert resident(broker) - before < 16 * MB
    bystander.quiet()


def test_everything_before_the_end_counts(broker, version):
    """A client that writes, closes its side and goes: nothing of what it wrote is lost."""
    watcher = broker.client("watcher", version)
    watcher.subscribe(("last/#", 1))
    for number in range(20):
        client = broker.dial(version)
        packets = [wire.publish("last/x", str(each), 1, each + 1, version=version) for each in range(20)]
        client.send(wire.connect(version, f"c{number}", will=Will("last/will")) + b"".join(packets))
        client.socket.shutdown(socket.SHUT_WR)
        assert watcher.payloads(20) == [str(each).encode() for each in range(20)]
        assert watcher.message().topic == "last/will"


@pytest.mark.skein
@pytest.mark.config({"node.shards": 2})
def test_one_name_claimed_by_many_at_once(broker):
    """Whoever comes last stays, all others are told; nothing is left of them."""
    ends = []

    def one():
        with RawClient(broker.address) as client:
            for _ in range(5):
                try:
                    client.connect("the one", clean=False, props={"session_expiry": 60})
                    client.recv(20)
                except (Closed, AssertionError, Timeout) as end:
                    ends.append(end)
                    return

    threads = [threading.Thread(target=one) for _ in range(60)]
    for thread in threads:
        thread.start()
    until(lambda: broker.counter("session.takenover") == 59, "all but one are taken over", 30)
    until(lambda: broker.counter("connections.count") == 1, "one is left")
    assert broker.counter("sessions.count") == 1
    broker.client("the one", clean=False).quiet()
    for thread in threads:
        thread.join(30)


@pytest.mark.skein
@pytest.mark.config({"node.shards": 2})
def test_nothing_is_left_of_those_who_went(broker):
    """Open files and memory come back, whatever the end of a connection."""
    payload = b"x" * 10_000

    def wave(count):
        for number in range(count):
            client = broker.client(f"c{number}", will=Will("w", payload))
            client.send(wire.subscribe(1, "a/#", f"b/{number}", "+/c") + wire.publish("a/b", payload, 1, 1))
            # The message of another one may come before it, [v5 3.8.4].
            while client.recv().kind != wire.SUBACK:
                pass
            if number % 3:
                client.reset()
            else:
                client.send(wire.disconnect())
                client.rest()
            broker.clients.remove(client)
        until(lambda: broker.counter("connections.count") == 0 and broker.counter("sessions.count") == 0, "all are gone")

    wave(400)
    files, memory = open_files(broker), resident(broker)
    wave(1200)
    assert open_files(broker) <= files + 2
    assert resident(broker) - memory < 4 * MB


@pytest.mark.config({"mqtt.max_packet_size": "17MB", "mqtt.max_mqueue_bytes": "64MB"})
@pytest.mark.skein
def test_a_large_message_to_many_is_kept_once(broker):
    """Twenty readers, half of them slow: 16 MiB once, not twenty times."""
    payload = b"large" * (16 * MB // 5)
    readers = [broker.dial(receive_buffer=4096 if number % 2 else None) for number in range(20)]
    for number, reader in enumerate(readers):
        reader.connect(f"r{number}")
        reader.subscribe(("large", 1))
    before = resident(broker)
    broker.client("p").publish("large", payload, 1)
    assert resident(broker) - before < 80 * MB
    for reader in readers:
        assert reader.message(30).payload == payload


@pytest.mark.skein
def test_retained_to_one_who_does_not_acknowledge(broker):
    """The window paces them; what waits is not copied into a queue and nothing is dropped."""
    publisher = broker.client("p")
    publisher.publish_many([(f"r/{number}", "x" * 100) for number in range(5000)], retain=True)
    publisher.publish("r/last", "x", 1, retain=True)
    lazy = broker.client("lazy", props={"receive_maximum": 5})
    lazy.subscribe(("r/#", 1))
    first = [lazy.expect(wire.PUBLISH) for _ in range(5)]
    lazy.quiet()
    other = broker.client("other")
    other.subscribe("r/1", "r/last")
    assert {other.message().topic for _ in range(2)} == {"r/1", "r/last"}
    for packet in first:
        lazy.acknowledge(packet)
    topics = {packet.topic for packet in first}
    while len(topics) < 5001:
        topics.add(lazy.message().topic)
    assert broker.counter("delivery.dropped") == 0


def test_a_flood_leaves_time_for_others(broker):
    """One client publishes as fast as it can; another one's pings are answered all the same."""
    flooder, other = broker.client("flooder"), broker.client("other")
    packets = wire.publish("nobody/listens", "x" * 100) * 500
    stop = threading.Event()

    def flood():
        while not stop.is_set():
            flooder.send(packets)

    thread = threading.Thread(target=flood)
    thread.start()
    try:
        for _ in range(300):
            other.send(wire.PING)
            other.expect(wire.PINGRESP, 2)
    finally:
        stop.set()
        thread.join()


@pytest.mark.skein
def test_ipv6(start):
    port = free_port()
    broker = start({"listeners.tcp.six.bind": f"[::1]:{port}"})
    six = socket.create_connection(("::1", port))
    six.sendall(wire.connect(wire.V5, "six"))
    assert six.recv(100)[0] == 0x20
    six.close()
    broker.client("four").quiet()
