"""Large payloads, many clients, many retained messages, slow readers."""

import asyncio
import hashlib
import random

import pytest

import wire
from broker import until
from raw import Closed, Timeout

MB = 1 << 20


@pytest.mark.config({"mqtt.max_packet_size": "17MB", "mqtt.max_mqueue_bytes": "100MB"})
@pytest.mark.parametrize("qos", [0, 2])
def test_16_mib_payload(broker, version, qos):
    subscriber, publisher = broker.client("s", version), broker.client("p", version)
    subscriber.subscribe(("large", 2))
    payload = random.Random(qos).randbytes(16 * MB)
    publisher.publish("large", payload, qos)
    message = subscriber.message(30)
    assert hashlib.sha256(message.payload).digest() == hashlib.sha256(payload).digest()


@pytest.mark.config({"mqtt.max_packet_size": "17MB", "retainer.max_payload_size": "17MB"})
def test_16_mib_retained_and_resent(broker):
    payload = random.Random(1).randbytes(16 * MB)
    broker.client("p").publish("large", payload, 1, retain=True)
    client = broker.client("s", clean=False, props={"session_expiry": 100})
    client.subscribe(("large", 1))
    assert client.expect(wire.PUBLISH, 30).payload == payload
    client.reset()
    client = broker.client("s", clean=False)
    message = client.expect(wire.PUBLISH, 30)
    assert message.dup and message.payload == payload


async def read_packet(reader):
    """One packet as (first byte, body)."""
    first = (await reader.readexactly(1))[0]
    length = shift = 0
    while True:
        byte = (await reader.readexactly(1))[0]
        length |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return first, await reader.readexactly(length)
        shift += 7


async def one_of_many(address, number, count, ready, go):
    """Subscribes to its own topic, publishes to its neighbour's, and gets its neighbour's message."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(wire.connect(wire.V5, f"many{number}", keep_alive=60) + wire.subscribe(1, (f"many/{number}", 1)))
    assert (await read_packet(reader))[0] >> 4 == wire.CONNACK
    assert (await read_packet(reader))[0] >> 4 == wire.SUBACK
    ready.append(number)
    await go.wait()
    writer.write(wire.publish(f"many/{(number + 1) % count}", str(number), 1, 1))
    got = None
    acknowledged = False
    while got is None or not acknowledged:
        first, body = await read_packet(reader)
        if first >> 4 == wire.PUBACK:
            assert body == b"\0\1"
            acknowledged = True
        else:
            got = wire.decode(first >> 4, first & 15, body, wire.V5)
            writer.write(wire.ack(wire.PUBACK, got.packet_id))
    assert int(got.payload) == (number - 1) % count
    return writer


@pytest.mark.parametrize("count", [1000])
def test_1000_clients_at_once(broker, count):
    async def run():
        ready, go = [], asyncio.Event()
        tasks = [asyncio.ensure_future(one_of_many(broker.address, number, count, ready, go)) for number in range(count)]
        while len(ready) < count:
            done = [task for task in tasks if task.done()]
            assert not done, done[0].exception()
            await asyncio.sleep(0.01)
        go.set()
        writers = await asyncio.wait_for(asyncio.gather(*tasks), 60)
        for writer in writers:
            writer.close()

    asyncio.run(asyncio.wait_for(run(), 90))


def test_fan_out_to_200(broker):
    subscribers = [broker.client(f"s{number}", (wire.V31, wire.V311, wire.V5)[number % 3]) for number in range(200)]
    for number, subscriber in enumerate(subscribers):
        subscriber.subscribe(("fan/#", number % 2))
    broker.client("p").publish_many([("fan/out", str(number)) for number in range(20)], 1)
    for subscriber in subscribers:
        assert subscriber.payloads(20) == [str(number).encode() for number in range(20)]


@pytest.mark.parametrize("qos", [0, 1])
def test_100000_retained_to_one_wildcard_subscriber(broker, qos):
    count = 100_000
    publisher = broker.client("p")
    batch = 500
    for begin in range(0, count, batch):
        packets = [wire.publish(f"r/{n % 100}/{n}", str(n), retain=True) for n in range(begin, begin + batch)]
        publisher.send(b"".join(packets))
    publisher.send(wire.publish("r/end", "end", 1, 1, retain=True))
    publisher.expect(wire.PUBACK, 60)
    client = broker.client("s")
    client.send(wire.subscribe(1, ("r/#", qos)))
    client.expect(wire.SUBACK, 30)
    topics = set()
    while len(topics) < count + 1:
        message = client.message(30)
        assert message.retain
        topics.add(message.topic)
    client.quiet()


@pytest.mark.config({"listeners.tcp.default.tcp_options.high_watermark": "64KB", "mqtt.max_mqueue_len": 100})
def test_a_slow_reader_hurts_nobody_else(broker):
    """It takes nothing: its own messages are dropped and counted, the others get all of theirs."""
    slow = broker.dial(receive_buffer=4096)
    slow.connect("slow")
    slow.subscribe(("a", 0))
    fast, publisher = broker.client("fast"), broker.client("p")
    fast.subscribe(("a", 1))
    payload = b"x" * 20_000
    for number in range(2000):
        publisher.publish("a", payload, 1)
        assert len(fast.message().payload) == len(payload)
    assert broker.counter("delivery.dropped.queue_full") > 0
    publisher.quiet()


@pytest.mark.config({"listeners.tcp.default.tcp_options.send_timeout": "1s", "listeners.tcp.default.tcp_options.high_watermark": "64KB"})
def test_a_stuck_reader_is_cut_off(broker):
    stuck = broker.dial(receive_buffer=4096)
    stuck.connect("stuck")
    stuck.subscribe(("a", 0))
    publisher = broker.client("p")
    for _ in range(500):
        publisher.publish("a", b"x" * 20_000, 1)
    until(lambda: broker.counter("client.send_timeout") == 1, "the stuck client is cut off", 15, 0.1)
    until(lambda: broker.counter("live_connections.count") == 1, "only the publisher is left")


def test_a_subscriber_that_comes_back_catches_up(broker):
    """It stops reading for a while and then takes everything that its queue may hold."""
    slow, publisher = broker.dial(receive_buffer=4096), broker.client("p")
    slow.connect("slow")
    slow.subscribe(("a", 1))
    publisher.publish_many([("a", b"%d" % number) for number in range(900)])
    assert slow.payloads(900) == [b"%d" % number for number in range(900)]


def test_half_open_packets_hold_nothing_up(broker):
    """A hundred clients each stop in the middle of a packet."""
    for number in range(100):
        client = broker.client(f"half{number}")
        client.send(wire.publish("a", b"x" * 5000)[:2500])
    subscriber = broker.client("s")
    subscriber.subscribe("a")
    subscriber.publish("a", "x")
    assert subscriber.message().payload == b"x"


def test_connect_and_vanish(broker):
    """Two hundred connections end in every state; nothing is left of them."""
    for number in range(200):
        client = broker.dial()
        if number % 4:
            client.send(wire.connect(wire.V5, f"v{number}")[: None if number % 4 > 1 else 5])
        if number % 4 == 3:
            try:
                client.expect(wire.CONNACK)
            except (Closed, Timeout):
                pass
            client.send(wire.subscribe(1, "a/#"))
        client.reset()
    until(lambda: broker.counter("connections.count") == 0, "all connections are gone")
    until(lambda: broker.counter("sessions.count") == 0, "all sessions are gone")
    broker.client("after").quiet()
