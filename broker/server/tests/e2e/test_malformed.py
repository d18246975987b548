"""Malformed packets and protocol errors of every kind: the specified reason, the end, and nobody else harmed."""

import pytest

import wire
from raw import Closed
from wire import data, packet, properties, publish, subscribe, varint

# Mosquitto forgives most of these, or closes without a word.
pytestmark = pytest.mark.skein

MALFORMED, PROTOCOL, ALIAS, TOPIC = 0x81, 0x82, 0x94, 0x90
NONE = b"\0"
ID = b"\0\1"
BAD_TEXTS = {
    "nul": b"a\0b",
    "lone byte": b"a\xff",
    "overlong": b"\xc0\xaf",
    "surrogate": b"\xed\xa0\x80",
    "cut": b"\xe2\x82",
    "too high": b"\xf4\x90\x80\x80",
}


def raw_property(*bytes_):
    return varint(len(bytes_)) + bytes(bytes_)


# Name -> (bytes after a 5.0 CONNECT, reason code).
AFTER_CONNECT = {
    "reserved type": (packet(0, 0, b""), MALFORMED),
    "length of five bytes": (b"\x30\xff\xff\xff\xff\x01", MALFORMED),
    "length padded": (b"\xc0\x80\x00", MALFORMED),
    "connack": (bytes.fromhex("2003000000"), PROTOCOL),
    "suback": (packet(wire.SUBACK, 0, ID + NONE + b"\0"), PROTOCOL),
    "unsuback": (packet(wire.UNSUBACK, 0, ID + NONE + b"\0"), PROTOCOL),
    "pingresp": (b"\xd0\x00", PROTOCOL),
    "pingreq flags": (b"\xc1\x00", MALFORMED),
    "pingreq body": (b"\xc0\x01\x00", MALFORMED),
    "second connect": (wire.connect(wire.V5, "x"), PROTOCOL),
    "auth unasked": (packet(wire.AUTH, 0, b"\x18" + properties({"authentication_method": "m"})), PROTOCOL),
    "auth without method": (packet(wire.AUTH, 0, b"\x18\0"), PROTOCOL),
    "auth flags": (packet(wire.AUTH, 1, b""), MALFORMED),
    "publish qos 3": (b"\x36\x05\x00\x01a\x00\x01", MALFORMED),
    "publish dup qos 0": (packet(wire.PUBLISH, 8, data("a") + NONE), MALFORMED),
    "publish packet id 0": (publish("a", qos=1, packet_id=0), MALFORMED),
    "publish without packet id": (packet(wire.PUBLISH, 2, data("a")), MALFORMED),
    "publish empty": (packet(wire.PUBLISH, 0, b""), MALFORMED),
    "publish topic too long": (packet(wire.PUBLISH, 0, b"\0\x05ab"), MALFORMED),
    "publish topic empty": (publish("", "x"), PROTOCOL),
    "publish topic plus": (publish("a/+", "x"), TOPIC),
    "publish topic hash": (publish("#", "x"), TOPIC),
    "publish properties missing": (packet(wire.PUBLISH, 0, data("a")), MALFORMED),
    "publish properties too long": (packet(wire.PUBLISH, 0, data("a") + b"\x09\x01\x01"), MALFORMED),
    "publish properties length padded": (packet(wire.PUBLISH, 0, data("a") + b"\x82\x00\x01\x01"), MALFORMED),
    "publish unknown property": (packet(wire.PUBLISH, 0, data("a") + raw_property(0x7F, 0)), MALFORMED),
    "publish property of another packet": (publish("a", props={"session_expiry": 1}), MALFORMED),
    "publish property cut": (packet(wire.PUBLISH, 0, data("a") + raw_property(0x02, 0, 0)), MALFORMED),
    "publish property twice": (publish("a", props=[("content_type", "x")] * 2), PROTOCOL),
    "publish payload format 2": (publish("a", props={"payload_format": 2}), PROTOCOL),
    "publish subscription id": (publish("a", props={"subscription_id": 1}), PROTOCOL),
    "publish alias 0": (publish("a", props={"topic_alias": 0}), ALIAS),
    "publish response topic wildcard": (publish("a", props={"response_topic": "a/#"}), PROTOCOL),
    "puback flags": (packet(wire.PUBACK, 1, ID), MALFORMED),
    "puback short": (packet(wire.PUBACK, 0, b"\0"), MALFORMED),
    "puback packet id 0": (wire.ack(wire.PUBACK, 0), MALFORMED),
    "puback reason": (wire.ack(wire.PUBACK, 1, 0x7E), PROTOCOL),
    "puback trailing": (packet(wire.PUBACK, 0, ID + b"\0\0\0"), MALFORMED),
    "pubrec flags": (packet(wire.PUBREC, 2, ID), MALFORMED),
    "pubrel flags": (packet(wire.PUBREL, 0, ID), MALFORMED),
    "pubcomp flags": (packet(wire.PUBCOMP, 2, ID), MALFORMED),
    "subscribe flags": (packet(wire.SUBSCRIBE, 0, ID + NONE + data("a") + b"\0"), MALFORMED),
    "subscribe packet id 0": (subscribe(0, "a"), MALFORMED),
    "subscribe empty": (subscribe(1), PROTOCOL),
    "subscribe without options": (packet(wire.SUBSCRIBE, 2, ID + NONE + data("a")), MALFORMED),
    "subscribe reserved bits": (subscribe(1, ("a", 0x40)), MALFORMED),
    "subscribe qos 3": (subscribe(1, ("a", 3)), PROTOCOL),
    "subscribe retain handling 3": (subscribe(1, ("a", 0x30)), PROTOCOL),
    "subscribe shared no local": (subscribe(1, ("$share/g/a", 4)), PROTOCOL),
    "subscribe id 0": (subscribe(1, "a", props={"subscription_id": 0}), PROTOCOL),
    "subscribe id twice": (subscribe(1, "a", props={"subscription_id": [1, 2]}), PROTOCOL),
    "unsubscribe flags": (packet(wire.UNSUBSCRIBE, 0, ID + NONE + data("a")), MALFORMED),
    "unsubscribe empty": (wire.unsubscribe(1), PROTOCOL),
    "unsubscribe packet id 0": (wire.unsubscribe(0, "a"), MALFORMED),
    "disconnect flags": (packet(wire.DISCONNECT, 1, b""), MALFORMED),
    "disconnect reason": (wire.disconnect(0x01), PROTOCOL),
    "disconnect trailing": (packet(wire.DISCONNECT, 0, b"\0\0\0"), MALFORMED),
    "disconnect expiry from 0": (wire.disconnect(0, {"session_expiry": 5}), PROTOCOL),
} | {f"publish topic {name}": (publish(text), MALFORMED) for name, text in BAD_TEXTS.items()}

# The same without properties, for 3.1 and 3.1.1: only the connection's end may tell.
BEFORE_5 = {
    "reserved type": packet(0, 0, b""),
    "type 15": packet(15, 0, b""),
    "length of five bytes": b"\x30\xff\xff\xff\xff\x01",
    "connack": bytes.fromhex("20020000"),
    "second connect": wire.connect(wire.V311, "x"),
    "publish qos 3": b"\x36\x05\x00\x01a\x00\x01",
    "publish packet id 0": publish("a", qos=1, packet_id=0, version=4),
    "publish topic empty": publish("", "x", version=4),
    "publish topic plus": publish("a/+", "x", version=4),
    "publish topic nul": publish(b"a\0", "x", version=4),
    "publish topic surrogate": publish(b"\xed\xa0\x80", "x", version=4),
    "puback short": packet(wire.PUBACK, 0, b"\0"),
    "puback with reason": packet(wire.PUBACK, 0, ID + b"\0"),
    "pubrel flags": packet(wire.PUBREL, 0, ID),
    "subscribe flags": packet(wire.SUBSCRIBE, 0, ID + data("a") + b"\0"),
    "subscribe empty": subscribe(1, version=4),
    "subscribe qos 3": subscribe(1, ("a", 3), version=4),
    "subscribe reserved bits": subscribe(1, ("a", 4), version=4),
    "unsubscribe empty": wire.unsubscribe(1, version=4),
    "unsubscribe flags": packet(wire.UNSUBSCRIBE, 0, ID + data("a")),
    "pingreq body": b"\xc0\x01\x00",
    "disconnect body": b"\xe0\x01\x00",
}


def connect_with(flags=2, name=b"MQTT", level=5, tail=data("c"), props=NONE):
    head = data(name) + bytes([level, flags]) + b"\0\0" + (props if level == 5 else b"")
    return packet(wire.CONNECT, 0, head + tail)


# Name -> (bytes of a CONNECT, reason code in a CONNACK of 5.0; None: none may come).
CONNECTS = {
    "fixed header flags": (b"\x11" + wire.connect(5, "c")[1:], MALFORMED),
    "empty": (packet(wire.CONNECT, 0, b""), None),
    "name unknown": (connect_with(name=b"MQTX"), None),
    "name of 3.1 with level 5": (connect_with(name=b"MQIsdp"), None),
    "reserved flag": (connect_with(flags=3), MALFORMED),
    "will qos 3": (connect_with(flags=0x1E, tail=data("c") + NONE + data("w") + data("")), MALFORMED),
    "will qos without will": (connect_with(flags=0x0A), MALFORMED),
    "will retain without will": (connect_with(flags=0x22), MALFORMED),
    "will topic wildcard": (wire.connect(5, "c", will=wire.Will("a/#")), TOPIC),
    "will topic empty": (wire.connect(5, "c", will=wire.Will("")), None),
    "will topic nul": (wire.connect(5, "c", will=wire.Will(b"a\0")), MALFORMED),
    "client id missing": (connect_with(tail=b""), MALFORMED),
    "client id cut": (connect_with(tail=b"\0\x09abc"), MALFORMED),
    "client id nul": (wire.connect(5, b"a\0b"), MALFORMED),
    "client id surrogate": (wire.connect(5, b"\xed\xa0\x80"), MALFORMED),
    "trailing": (connect_with(tail=data("c") + b"x"), MALFORMED),
    "user missing": (connect_with(flags=0x82), MALFORMED),
    "property twice": (wire.connect(5, "c", props=[("session_expiry", 1)] * 2), PROTOCOL),
    "property misplaced": (wire.connect(5, "c", props={"topic_alias": 1}), MALFORMED),
    "receive maximum 0": (wire.connect(5, "c", props={"receive_maximum": 0}), PROTOCOL),
    "maximum packet size 0": (wire.connect(5, "c", props={"maximum_packet_size": 0}), PROTOCOL),
    "request problem information 2": (wire.connect(5, "c", props={"request_problem_information": 2}), PROTOCOL),
    "authentication data alone": (wire.connect(5, "c", props={"authentication_data": b"x"}), PROTOCOL),
    "will delay in connect": (wire.connect(5, "c", props={"will_delay": 1}), MALFORMED),
    "session expiry in will": (wire.connect(5, "c", will=wire.Will("w", props={"session_expiry": 1})), MALFORMED),
}

CONNECTS_311 = {
    "reserved flag": connect_with(flags=3, level=4),
    "password without user": connect_with(flags=0x42, level=4, tail=data("c") + data("p")),
    "will qos 3": connect_with(flags=0x1E, level=4, tail=data("c") + data("w") + data("")),
    "will retain without will": connect_with(flags=0x22, level=4),
    "client id nul": wire.connect(4, b"a\0b"),
    "trailing": connect_with(level=4, tail=data("c") + b"x"),
    "cut": connect_with(level=4, tail=b"\0\x09a"),
}


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """One broker for all: whatever was sent to it before must not show."""
    from broker import Broker

    broker = Broker(tmp_path_factory.mktemp("crowd"))
    broker.start()
    bystander, old = broker.client("bystander"), broker.client("old", wire.V311)
    for client in (bystander, old):
        client.subscribe(("by/#", 1))
    yield broker, bystander, old
    try:
        broker.stop()
    finally:
        broker.kill()


def unharmed(bystander, old):
    bystander.publish("by/stander", "still here")
    for client in (bystander, old):
        assert client.message().payload == b"still here"


@pytest.mark.parametrize("name", AFTER_CONNECT)
def test_after_connect(crowd, name):
    broker, *others = crowd
    fault, code = AFTER_CONNECT[name]
    client = broker.client("faulty")
    client.send(fault)
    client.expect_disconnect(code)
    unharmed(*others)


@pytest.mark.parametrize("name", BEFORE_5)
def test_before_5(crowd, name):
    broker, *others = crowd
    client = broker.client("faulty", wire.V311)
    client.send(BEFORE_5[name])
    client.expect_closed()
    unharmed(*others)


@pytest.mark.parametrize("name", CONNECTS)
def test_connect(crowd, name):
    broker, *others = crowd
    bytes_, code = CONNECTS[name]
    client = broker.dial()
    client.send(bytes_)
    try:
        answer = client.expect(wire.CONNACK)
        assert answer.code == code if code else answer.code >= 0x80
        assert not answer.session_present
        client.expect_closed()
    except Closed:
        pass
    unharmed(*others)


@pytest.mark.parametrize("name", CONNECTS_311)
def test_connect_311(crowd, name):
    broker, *others = crowd
    client = broker.dial(wire.V311)
    client.send(CONNECTS_311[name])
    client.expect_closed()
    unharmed(*others)


@pytest.mark.parametrize("name", AFTER_CONNECT)
def test_cut_anywhere_gives_the_same(crowd, name):
    """The fault arrives byte by byte, behind an innocent packet."""
    broker, *others = crowd
    fault, code = AFTER_CONNECT[name]
    client = broker.client("faulty")
    client.send(wire.PING)
    for byte in fault:
        try:
            client.send(bytes([byte]))
        except OSError:
            break
    client.expect(wire.PINGRESP)
    client.expect_disconnect(code)
    unharmed(*others)


FILTERS = ["", "a/#/b", "a#", "a+", "+a/b", "#/", "$share/g", "$share//a", "$share/g/", "$share/+/a", "$share/g#/a"]


@pytest.mark.parametrize("topic_filter", FILTERS)
def test_bad_filters(crowd, topic_filter):
    """Refused in SUBACK with 0x8F, or as malformed or a protocol error; in no case accepted."""
    broker, *others = crowd
    client = broker.client("faulty")
    client.send(subscribe(1, topic_filter))
    answer = client.recv()
    if answer.kind == wire.SUBACK:
        assert answer.codes == [0x8F]
        client.quiet()
    else:
        assert answer.kind == wire.DISCONNECT and answer.code in (MALFORMED, PROTOCOL, 0x8F)
        client.expect_closed()
    unharmed(*others)


@pytest.mark.parametrize("text", BAD_TEXTS)
def test_bad_text_in_filters(crowd, text):
    broker, *others = crowd
    for fault in (subscribe(1, (BAD_TEXTS[text], 0)), wire.unsubscribe(1, BAD_TEXTS[text])):
        client = broker.client("faulty")
        client.send(fault)
        client.expect_disconnect(MALFORMED)
    unharmed(*others)
