"""Publishers and subscribers whose connections break all the time: QoS 1 at least once, QoS 2 exactly once, in order."""

import random
import time

import pytest

import wire
from raw import DEADLINE, Closed, Timeout

KEPT = {"session_expiry": 300}
pytestmark = pytest.mark.config({"node.shards": 2})


class Device:
    """A client with a memory of its own, as the standard asks of it."""

    def __init__(self, broker, name, chance):
        self.broker, self.name, self.chance = broker, name, chance
        self.raw = None

    def connect(self):
        """Comes back, sometimes before its last connection is gone."""
        if self.raw:
            self.broker.clients.remove(self.raw)
            self.chance.choice([self.raw.reset, self.raw.close])()
        self.raw = self.broker.client(self.name, clean=False, props=KEPT)
        self.resumed()

    def take(self, timeout):
        """One packet, if one comes."""
        try:
            self.handle(self.raw.recv(timeout))
        except Timeout:
            return False
        except Closed:
            self.connect()
        return True


class Publisher(Device):
    """Numbers, each published until it is finished."""

    def __init__(self, broker, name, chance, topic, qos, count):
        super().__init__(broker, name, chance)
        self.topic, self.qos, self.count = topic, qos, count
        self.next = 0
        # Packet id -> [number, whether PUBREC came], in the order of the first sending.
        self.unfinished = {}
        self.last_id = 0
        self.connect()

    @property
    def is_done(self):
        return self.next == self.count and not self.unfinished

    def send(self, packet_id, dup):
        number, is_received = self.unfinished[packet_id]
        if is_received:
            self.raw.send(wire.ack(wire.PUBREL, packet_id))
        else:
            self.raw.send(wire.publish(self.topic, str(number), self.qos, packet_id, dup=dup))

    def resumed(self):
        for packet_id in self.unfinished:
            self.send(packet_id, True)

    def work(self):
        while self.next < self.count and len(self.unfinished) < 16:
            self.last_id = self.last_id % 65535 + 1
            self.unfinished[self.last_id] = [self.next, False]
            self.next += 1
            self.send(self.last_id, False)

    def handle(self, packet):
        if packet.kind == wire.PUBREC:
            self.unfinished[packet.packet_id][1] = True
            self.send(packet.packet_id, False)
        else:
            assert packet.kind == (wire.PUBACK if self.qos == 1 else wire.PUBCOMP)
            del self.unfinished[packet.packet_id]


class Subscriber(Device):
    def __init__(self, broker, name, chance, topic_filter, qos):
        super().__init__(broker, name, chance)
        self.got = []
        # QoS 2 packet ids that were taken and not released.
        self.taken = set()
        self.connect()
        self.raw.subscribe((topic_filter, qos))

    def resumed(self):
        pass

    def work(self):
        pass

    def handle(self, packet):
        if packet.kind == wire.PUBREL:
            self.taken.discard(packet.packet_id)
            self.raw.send(wire.ack(wire.PUBCOMP, packet.packet_id))
            return
        assert packet.kind == wire.PUBLISH
        if packet.qos == 1:
            self.got.append(int(packet.payload))
            self.raw.send(wire.ack(wire.PUBACK, packet.packet_id))
            return
        if packet.packet_id not in self.taken:
            self.taken.add(packet.packet_id)
            self.got.append(int(packet.payload))
        self.raw.send(wire.ack(wire.PUBREC, packet.packet_id))


def run(broker, seed, qos, pairs, count):
    chance = random.Random(seed)
    subscribers = [Subscriber(broker, f"s{n}", chance, f"chaos/{n}/{'#' if n % 2 else 'x'}", qos) for n in range(pairs)]
    publishers = [Publisher(broker, f"p{n}", chance, f"chaos/{n}/x", qos, count) for n in range(pairs)]
    devices = subscribers + publishers
    idle, end = 0, time.monotonic() + 6 * DEADLINE
    while idle < 200:
        device = chance.choice(devices)
        try:
            if chance.random() < 0.02:
                device.connect()
            device.work()
            moved = device.take(0.002)
        except OSError:
            device.connect()
            moved = True
        is_done = all(each.is_done for each in publishers) and all(len(set(each.got)) == count for each in subscribers)
        idle = idle + 1 if is_done and not moved else 0
        assert time.monotonic() < end, "it does not come to an end"
    return subscribers


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("qos", [1, 2])
def test_broken_connections(broker, qos, seed):
    for subscriber in run(broker, seed, qos, 4, 300):
        # QoS 1 may repeat, but nothing new comes before something older.
        assert list(dict.fromkeys(subscriber.got)) == list(range(300))
        if qos == 2:
            assert len(subscriber.got) == 300
    assert broker.counter("bugs") == 0
