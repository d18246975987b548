"""MQTT 3.1, 3.1.1 and 5.0 packets as bytes, both ways.

This encoder builds whatever it is told to, so that a test can send what a well-behaved client library
refuses to send. The decoder is strict about what a server may send: it raises `Malformed` on anything else.
"""

import struct
from dataclasses import dataclass, field

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = 1, 2, 3, 4, 5, 6, 7
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT, AUTH = 8, 9, 10, 11, 12, 13, 14, 15

V31, V311, V5 = 3, 4, 5

# Name -> (identifier, kind). Kinds: b byte, h two bytes, i four bytes, v variable byte integer, s string, d data, p pair.
PROPERTIES = {
    "payload_format": (0x01, "b"),
    "message_expiry": (0x02, "i"),
    "content_type": (0x03, "s"),
    "response_topic": (0x08, "s"),
    "correlation_data": (0x09, "d"),
    "subscription_id": (0x0B, "v"),
    "session_expiry": (0x11, "i"),
    "assigned_client_id": (0x12, "s"),
    "server_keep_alive": (0x13, "h"),
    "authentication_method": (0x15, "s"),
    "authentication_data": (0x16, "d"),
    "request_problem_information": (0x17, "b"),
    "will_delay": (0x18, "i"),
    "request_response_information": (0x19, "b"),
    "response_information": (0x1A, "s"),
    "server_reference": (0x1C, "s"),
    "reason_string": (0x1F, "s"),
    "receive_maximum": (0x21, "h"),
    "topic_alias_maximum": (0x22, "h"),
    "topic_alias": (0x23, "h"),
    "maximum_qos": (0x24, "b"),
    "retain_available": (0x25, "b"),
    "user": (0x26, "p"),
    "maximum_packet_size": (0x27, "i"),
    "wildcard_available": (0x28, "b"),
    "subscription_ids_available": (0x29, "b"),
    "shared_available": (0x2A, "b"),
}
BY_ID = {identifier: (name, kind) for name, (identifier, kind) in PROPERTIES.items()}
REPEATABLE = {"user", "subscription_id"}


class Malformed(Exception):
    """The server sent bytes that no server may send."""


def varint(value: int) -> bytes:
    out = bytearray()
    while True:
        byte, value = value & 0x7F, value >> 7
        out.append(byte | (0x80 if value else 0))
        if not value:
            return bytes(out)


def data(value) -> bytes:
    value = value.encode() if isinstance(value, str) else value
    return struct.pack(">H", len(value)) + value


def one_property(name: str, value) -> bytes:
    identifier, kind = PROPERTIES[name]
    head = bytes([identifier])
    if kind == "b":
        return head + bytes([value])
    if kind == "h":
        return head + struct.pack(">H", value)
    if kind == "i":
        return head + struct.pack(">I", value)
    if kind == "v":
        return head + varint(value)
    if kind == "p":
        return head + data(value[0]) + data(value[1])
    return head + data(value)


def properties(items) -> bytes:
    """`items`: a dict or a list of pairs; a list as a dict's value repeats the property."""
    pairs = items.items() if isinstance(items, dict) else (items or [])
    body = b""
    for name, value in pairs:
        for each in value if isinstance(value, list) else [value]:
            body += one_property(name, each)
    return varint(len(body)) + body


def packet(kind: int, flags: int, body: bytes) -> bytes:
    return bytes([kind << 4 | flags]) + varint(len(body)) + body


@dataclass
class Will:
    topic: str
    payload: bytes = b"gone"
    qos: int = 0
    retain: bool = False
    props: dict | None = None


def connect(version=V5, client_id="", clean=True, keep_alive=0, props=None, will: Will | None = None, user=None, password=None):
    name = "MQIsdp" if version == V31 else "MQTT"
    flags = 0x02 if clean else 0
    payload = data(client_id)
    if will:
        flags |= 0x04 | will.qos << 3 | (0x20 if will.retain else 0)
        payload += properties(will.props) if version == V5 else b""
        payload += data(will.topic) + data(will.payload)
    if user is not None:
        flags |= 0x80
        payload += data(user)
    if password is not None:
        flags |= 0x40
        payload += data(password)
    head = data(name) + bytes([version, flags]) + struct.pack(">H", keep_alive)
    head += properties(props) if version == V5 else b""
    return packet(CONNECT, 0, head + payload)


def publish(topic, payload=b"", qos=0, packet_id=None, retain=False, dup=False, version=V5, props=None):
    flags = (8 if dup else 0) | qos << 1 | (1 if retain else 0)
    body = data(topic)
    if packet_id is not None:
        body += struct.pack(">H", packet_id)
    body += properties(props) if version == V5 else b""
    return packet(PUBLISH, flags, body + (payload.encode() if isinstance(payload, str) else payload))


def ack(kind, packet_id, code=None, props=None):
    """PUBACK, PUBREC, PUBREL or PUBCOMP; without `code` the two-byte form, which every version has."""
    body = struct.pack(">H", packet_id)
    if code is not None:
        body += bytes([code])
        body += properties(props) if props is not None else b""
    return packet(kind, 2 if kind == PUBREL else 0, body)


def subscribe(packet_id, *filters, version=V5, props=None):
    """Each filter: a string (QoS 0), or a pair of string and options byte."""
    body = struct.pack(">H", packet_id) + (properties(props) if version == V5 else b"")
    for each in filters:
        name, options = (each, 0) if isinstance(each, str) else each
        body += data(name) + bytes([options])
    return packet(SUBSCRIBE, 2, body)


def unsubscribe(packet_id, *filters, version=V5, props=None):
    body = struct.pack(">H", packet_id) + (properties(props) if version == V5 else b"")
    return packet(UNSUBSCRIBE, 2, body + b"".join(data(name) for name in filters))


def disconnect(code=None, props=None):
    body = b"" if code is None else bytes([code]) + (properties(props) if props is not None else b"")
    return packet(DISCONNECT, 0, body)


PING = packet(PINGREQ, 0, b"")


@dataclass
class Packet:
    kind: int
    flags: int
    body: bytes
    packet_id: int | None = None
    codes: list = field(default_factory=list)
    props: list = field(default_factory=list)
    topic: str | None = None
    payload: bytes | None = None
    session_present: bool | None = None

    @property
    def code(self):
        return self.codes[0]

    @property
    def qos(self):
        return self.flags >> 1 & 3

    @property
    def retain(self):
        return bool(self.flags & 1)

    @property
    def dup(self):
        return bool(self.flags & 8)

    def get(self, name, default=None):
        """The first property of that name."""
        return next((value for key, value in self.props if key == name), default)

    def all(self, name):
        return [value for key, value in self.props if key == name]


class Reader:
    def __init__(self, body):
        self.body, self.at = body, 0

    def take(self, count):
        if self.at + count > len(self.body):
            raise Malformed(f"{count} bytes wanted at {self.at} of {len(self.body)}")
        self.at += count
        return self.body[self.at - count : self.at]

    def byte(self):
        return self.take(1)[0]

    def short(self):
        return struct.unpack(">H", self.take(2))[0]

    def long(self):
        return struct.unpack(">I", self.take(4))[0]

    def data(self):
        return self.take(self.short())

    def text(self):
        return self.data().decode("utf-8", "strict")

    def varint(self):
        value = 0
        for shift in range(0, 28, 7):
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if not byte & 0x80:
                return value
        raise Malformed("variable byte integer of five bytes")

    def left(self):
        return len(self.body) - self.at

    def properties(self):
        end = self.varint() + self.at
        found = []
        while self.at < end:
            name, kind = BY_ID[self.byte()]
            read = {"b": self.byte, "h": self.short, "i": self.long, "v": self.varint, "s": self.text, "d": self.data}
            value = (self.text(), self.text()) if kind == "p" else read[kind]()
            if name not in REPEATABLE and any(name == key for key, _ in found):
                raise Malformed(f"property {name} twice")
            found.append((name, value))
        if self.at != end:
            raise Malformed("property length does not end at a property")
        return found


def decode(kind, flags, body, version) -> Packet:
    packet = Packet(kind, flags, body)
    reader = Reader(body)
    five = version == V5
    if kind != PUBLISH and flags != (2 if kind == PUBREL else 0):
        raise Malformed(f"flags {flags:#x} on packet type {kind}")
    if kind == CONNACK:
        packet.session_present = {0: False, 1: True}[reader.byte()]
        packet.codes = [reader.byte()]
        packet.props = reader.properties() if five else []
    elif kind == PUBLISH:
        decode_publish(packet, reader, five)
    elif kind in (PUBACK, PUBREC, PUBREL, PUBCOMP):
        packet.packet_id = reader.short()
        packet.codes = [reader.byte()] if five and reader.left() else [0]
        packet.props = reader.properties() if five and reader.left() else []
    elif kind in (SUBACK, UNSUBACK):
        packet.packet_id = reader.short()
        packet.props = reader.properties() if five else []
        packet.codes = list(reader.take(reader.left())) if five or kind == SUBACK else []
    elif kind in (DISCONNECT, AUTH):
        if not five:
            raise Malformed(f"packet type {kind} from a server before 5.0")
        packet.codes = [reader.byte()] if reader.left() else [0]
        packet.props = reader.properties() if reader.left() else []
    elif kind != PINGRESP:
        raise Malformed(f"packet type {kind} from a server")
    if reader.left():
        raise Malformed(f"{reader.left()} bytes behind the end of packet type {kind}")
    return packet


def decode_publish(packet, reader, five):
    if packet.qos == 3:
        raise Malformed("QoS 3")
    if packet.dup and not packet.qos:
        raise Malformed("DUP on QoS 0")
    packet.topic = reader.text()
    if packet.qos:
        packet.packet_id = reader.short()
        if not packet.packet_id:
            raise Malformed("packet id 0")
    packet.props = reader.properties() if five else []
    packet.payload = bytes(reader.take(reader.left()))
