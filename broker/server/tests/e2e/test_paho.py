"""paho-mqtt, the Python client that most devices' gateways use, with its own threads."""

import queue
import random

import paho.mqtt.client as paho
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

import wire
from raw import DEADLINE

PROTOCOLS = {wire.V31: paho.MQTTv31, wire.V311: paho.MQTTv311, wire.V5: paho.MQTTv5}


class Paho:
    """A connected client whose callbacks fill queues."""

    def __init__(self, broker, client_id, version, clean=True, expiry=None, will=None, connect=True):
        self.version = version
        five = version == wire.V5
        self.client = paho.Client(
            paho.CallbackAPIVersion.VERSION2,
            client_id,
            clean_session=None if five else clean,
            protocol=PROTOCOLS[version],
            reconnect_on_failure=False,
        )
        self.messages, self.events = queue.Queue(), queue.Queue()
        self.client.on_message = lambda _, __, message: self.messages.put(message)
        self.client.on_connect = lambda _, __, flags, code, props: self.events.put(("connect", flags, code, props))
        self.client.on_subscribe = lambda _, __, mid, codes, props: self.events.put(("subscribe", [code.value for code in codes]))
        self.client.on_disconnect = lambda _, __, flags, code, props: self.events.put(("disconnect", code.value))
        if will:
            self.client.will_set(*will)
        options = {}
        if five:
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = expiry or 0
            options = {"clean_start": clean, "properties": properties}
        self.client.connect(*broker.address, **options)
        self.client.loop_start()
        _, self.flags, self.code, self.properties = self.event("connect")
        assert not self.code.is_failure

    def event(self, kind):
        event = self.events.get(timeout=DEADLINE)
        assert event[0] == kind, event
        return event

    def subscribe(self, topic, qos=0, **options):
        self.client.subscribe(topic, qos, **options)
        return self.event("subscribe")[1]

    def publish(self, topic, payload, qos=0, **more):
        self.client.publish(topic, payload, qos, **more).wait_for_publish(DEADLINE)

    def message(self):
        return self.messages.get(timeout=DEADLINE)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()

    def vanish(self):
        """The socket goes without DISCONNECT."""
        self.client.loop_stop()
        self.client.socket().close()


@pytest.fixture
def connect(broker):
    clients = []

    def one(client_id, version, **options):
        clients.append(Paho(broker, client_id, version, **options))
        return clients[-1]

    yield one
    for client in clients:
        client.client.disconnect()
        client.client.loop_stop()


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_publish_and_subscribe(connect, version, qos):
    subscriber, publisher = connect("s", version), connect("p", version)
    assert subscriber.subscribe("a/+", 2) == [2]
    for number in range(100):
        publisher.publish("a/b", str(number), qos)
    messages = [subscriber.message() for _ in range(100)]
    assert [(message.payload, message.qos) for message in messages] == [(str(number).encode(), qos) for number in range(100)]


def test_session(connect, version):
    subscriber = connect("s", version, clean=False, expiry=300)
    subscriber.subscribe("a/#", 1)
    subscriber.close()
    publisher = connect("p", version)
    for number in range(50):
        publisher.publish("a/b", str(number), 1)
    subscriber = connect("s", version, clean=False, expiry=300)
    assert version == wire.V31 or subscriber.flags.session_present
    assert [int(subscriber.message().payload) for _ in range(50)] == list(range(50))


def test_will(connect, version):
    watcher = connect("w", version)
    watcher.subscribe("will/+", 1)
    connect("dying", version, will=("will/dying", "bye", 1, False)).vanish()
    message = watcher.message()
    assert (message.topic, message.payload, message.qos) == ("will/dying", b"bye", 1)


def test_retained(connect, version):
    connect("p", version).publish("r/a", "kept", 1, retain=True)
    subscriber = connect("s", version)
    subscriber.subscribe("r/#", 1)
    message = subscriber.message()
    assert message.retain and message.payload == b"kept"


def test_unicode_topics(connect, version):
    client = connect("ünïcode-\U0001f600", version)
    client.subscribe("ä/+/\U0001f680", 1)
    client.publish("ä/日本/\U0001f680", "ß", 1)
    assert client.message().topic == "ä/日本/\U0001f680"


@pytest.mark.config({"mqtt.max_packet_size": "17MB"})
def test_large_payload(connect, version):
    client = connect("c", version)
    client.subscribe("large", 1)
    payload = random.Random(version).randbytes(16 << 20)
    client.publish("large", payload, 1)
    assert client.message().payload == payload


def test_takeover(connect, version):
    first = connect("same", version)
    connect("same", version)
    code = first.event("disconnect")[1]
    assert version != wire.V5 or code == 0x8E


def test_properties_and_options(connect):
    client = connect("c", wire.V5)
    options = SubscribeOptions(qos=1, noLocal=True, retainAsPublished=True, retainHandling=2)
    identifier = Properties(PacketTypes.SUBSCRIBE)
    identifier.SubscriptionIdentifier = 77
    assert client.subscribe("a", options=options, properties=identifier) == [1]
    client.publish("a", "not for me", 1)
    properties = Properties(PacketTypes.PUBLISH)
    properties.UserProperty = [("b", "1"), ("a", "2"), ("b", "1")]
    properties.ResponseTopic, properties.CorrelationData = "answer", b"\0\1"
    properties.ContentType, properties.PayloadFormatIndicator, properties.MessageExpiryInterval = "text", 1, 60
    connect("other", wire.V5).publish("a", "x", 1, retain=True, properties=properties)
    message = client.message()
    assert message.payload == b"x" and message.retain
    assert message.properties.UserProperty == [("b", "1"), ("a", "2"), ("b", "1")]
    assert (message.properties.ResponseTopic, message.properties.CorrelationData) == ("answer", b"\0\1")
    assert message.properties.SubscriptionIdentifier == [77]


def test_shared(connect):
    members = [connect(f"m{number}", wire.V5) for number in range(3)]
    for member in members:
        member.subscribe("$share/g/s", 1)
    publisher = connect("p", wire.V5)
    for number in range(30):
        publisher.publish("s", str(number), 1)
    got = [int(member.message().payload) for member in members for _ in range(10)]
    assert sorted(got) == list(range(30))


def test_assigned_client_id(connect):
    assert connect("", wire.V5).properties.AssignedClientIdentifier


def test_many_in_flight(connect, version):
    """More than both windows hold, sent without waiting."""
    subscriber, publisher = connect("s", version), connect("p", version)
    subscriber.subscribe("a", 2)
    sent = [publisher.client.publish("a", str(number), 2) for number in range(500)]
    assert [int(subscriber.message().payload) for _ in range(500)] == list(range(500))
    for each in sent:
        each.wait_for_publish(DEADLINE)
