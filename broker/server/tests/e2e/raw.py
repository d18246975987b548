"""A client over a bare socket: it sends the bytes it is told to and waits with deadlines, never for fixed times."""

import socket
import time

import wire

# What a loaded two-core machine may need for anything that should happen at once.
DEADLINE = 10.0


class Closed(Exception):
    """The server closed the connection."""


class Timeout(Exception):
    """Nothing came before the deadline."""


class RawClient:
    """One connection. Received bytes are decoded strictly, see `wire.decode`."""

    def __init__(self, address, version=wire.V5, receive_buffer=None):
        self.version = version
        self.buffer = bytearray()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(DEADLINE)
        self.socket.connect(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.last_id = 0
        self.receiving = set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Ends the connection with a TCP reset, as a device does that loses power."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()

    def send(self, data: bytes):
        self.socket.settimeout(DEADLINE)
        self.socket.sendall(data)

    def next_id(self):
        self.last_id = self.last_id % 65535 + 1
        return self.last_id

    def fill(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0:
            raise Timeout
        self.socket.settimeout(left)
        try:
            chunk = self.socket.recv(1 << 18)
        except TimeoutError:
            raise Timeout from None
        except ConnectionResetError:
            raise Closed from None
        if not chunk:
            raise Closed
        self.buffer += chunk

    def cut(self):
        """The first whole packet in the buffer as (first byte, body), or None."""
        shift, length, at = 0, 0, 1
        while True:
            if at >= len(self.buffer):
                return None
            byte = self.buffer[at]
            length |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if not byte & 0x80:
                break
            if shift == 28:
                raise wire.Malformed("remaining length of five bytes")
        if len(self.buffer) < at + length:
            return None
        first, body = self.buffer[0], bytes(self.buffer[at : at + length])
        del self.buffer[: at + length]
        return first, body

    def recv(self, timeout=DEADLINE) -> wire.Packet:
        deadline = time.monotonic() + timeout
        while True:
            whole = self.cut()
            if not whole:
                self.fill(deadline)
                continue
            packet = wire.decode(whole[0] >> 4, whole[0] & 15, whole[1], self.version)
            if packet.kind != wire.PUBREL or packet.packet_id not in self.receiving:
                return packet
            self.receiving.discard(packet.packet_id)
            self.send(wire.ack(wire.PUBCOMP, packet.packet_id))

    def expect(self, kind, timeout=DEADLINE) -> wire.Packet:
        packet = self.recv(timeout)
        assert packet.kind == kind, f"wanted packet type {kind}, got {packet}"
        return packet

    @property
    def resumed(self) -> bool:
        """Session Present. 3.1 has no such bit, so there the answer is yes and only the byte's value is checked."""
        if self.version == wire.V31:
            assert not self.connack.session_present, "3.1 reserves the byte"
            return True
        return self.connack.session_present

    def expect_closed(self, timeout=DEADLINE):
        """The connection ends without one more packet."""
        try:
            packet = self.recv(timeout)
        except Closed:
            return
        raise AssertionError(f"wanted the end of the connection, got {packet}")

    def rest(self, timeout=DEADLINE) -> bytes:
        """Every byte until the server closes the connection, undecoded."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                self.fill(deadline)
            except Closed:
                return bytes(self.buffer)

    def expect_disconnect(self, code, timeout=DEADLINE) -> wire.Packet | None:
        """5.0: DISCONNECT with `code`, then the end. Before 5.0 only the end."""
        if self.version != wire.V5:
            return self.expect_closed(timeout)
        packet = self.expect(wire.DISCONNECT, timeout)
        assert packet.code == code, f"wanted DISCONNECT {code:#04x}, got {packet.code:#04x} {packet.props}"
        self.expect_closed(timeout)
        return packet

    def connect(self, client_id="", code=0, **arguments) -> wire.Packet:
        self.send(wire.connect(self.version, client_id, **arguments))
        packet = self.expect(wire.CONNACK)
        assert packet.code == code, f"wanted CONNACK {code:#04x}, got {packet.code:#04x} {packet.props}"
        self.connack = packet
        return packet

    def subscribe(self, *filters, props=None) -> wire.Packet:
        """Subscribes and returns SUBACK. What else arrives in between is an error."""
        packet_id = self.next_id()
        self.send(wire.subscribe(packet_id, *filters, version=self.version, props=props))
        packet = self.expect(wire.SUBACK)
        assert packet.packet_id == packet_id
        return packet

    def unsubscribe(self, *filters) -> wire.Packet:
        packet_id = self.next_id()
        self.send(wire.unsubscribe(packet_id, *filters, version=self.version))
        packet = self.expect(wire.UNSUBACK)
        assert packet.packet_id == packet_id
        return packet

    def publish(self, topic, payload=b"", qos=0, retain=False, props=None) -> wire.Packet | None:
        """Publishes and runs the QoS's whole exchange; returns the last packet that the server sent for it."""
        packet_id = self.next_id() if qos else None
        self.send(wire.publish(topic, payload, qos, packet_id, retain, version=self.version, props=props))
        if qos == 0:
            return None
        answer = self.expect(wire.PUBACK if qos == 1 else wire.PUBREC)
        assert answer.packet_id == packet_id
        if qos == 2 and answer.code < 0x80:
            self.send(wire.ack(wire.PUBREL, packet_id))
            completed = self.expect(wire.PUBCOMP)
            assert (completed.packet_id, completed.code) == (packet_id, 0)
        return answer

    def publish_many(self, messages, qos=1, retain=False):
        """Publishes pairs of topic and payload as fast as the server's Receive Maximum allows."""
        window = self.connack.get("receive_maximum", 65535) if qos else 0
        unfinished = 0
        for topic, payload in messages:
            packet_id = self.next_id() if qos else None
            self.send(wire.publish(topic, payload, qos, packet_id, retain, version=self.version))
            unfinished += bool(qos)
            while unfinished and unfinished >= window:
                unfinished -= self.progress()
        while unfinished:
            unfinished -= self.progress()

    def progress(self) -> bool:
        """Takes one answer to a publish; true when that publish is finished."""
        packet = self.recv()
        assert packet.kind in (wire.PUBACK, wire.PUBREC, wire.PUBCOMP) and packet.code < 0x80, packet
        if packet.kind == wire.PUBREC:
            self.send(wire.ack(wire.PUBREL, packet.packet_id))
        return packet.kind != wire.PUBREC

    def message(self, timeout=DEADLINE) -> wire.Packet:
        """The next PUBLISH, acknowledged."""
        packet = self.expect(wire.PUBLISH, timeout)
        self.acknowledge(packet)
        return packet

    def acknowledge(self, packet):
        """PUBACK or PUBREC for `packet`; the PUBREL that follows is answered while something is received."""
        if packet.qos == 1:
            self.send(wire.ack(wire.PUBACK, packet.packet_id))
        elif packet.qos == 2:
            self.receiving.add(packet.packet_id)
            self.send(wire.ack(wire.PUBREC, packet.packet_id))

    def quiet(self):
        """Nothing was on its way to this client: PINGREQ is answered by PINGRESP at once."""
        self.send(wire.PING)
        self.expect(wire.PINGRESP)

    def payloads(self, count, timeout=DEADLINE) -> list:
        return [self.message(timeout).payload for _ in range(count)]

    def disconnect(self, code=None, props=None):
        self.send(wire.disconnect(code, props))
        self.expect_closed()
        self.close()
