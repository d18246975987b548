"""Keep alive: silence for one and a half times the agreed time ends a connection; nothing else does."""

import time

import pytest

import wire
from raw import Closed, Timeout


def silence(client, timeout=8):
    """Seconds until the server ends the connection for silence."""
    begin = time.monotonic()
    client.expect_disconnect(0x8D, timeout)
    return time.monotonic() - begin


def test_silence_ends_the_connection(broker, version):
    others = [broker.client("none", version, keep_alive=0), broker.client("long", version, keep_alive=60)]
    assert 1.4 <= silence(broker.client("short", version, keep_alive=1)) <= 4
    for client in others:
        client.quiet()


@pytest.mark.parametrize("packet", [wire.PING, wire.publish("a", "x"), wire.ack(wire.PUBACK, 9)], ids=["ping", "publish", "puback"])
def test_any_packet_counts(broker, packet):
    client = broker.client("c", keep_alive=1)
    begin = time.monotonic()
    while time.monotonic() - begin < 2.5:
        client.send(packet)
        time.sleep(0.2)
    client.send(wire.publish("last", "x", 1, 7))
    while client.recv().kind != wire.PUBACK:
        pass
    assert 1.2 <= silence(client) <= 4


def test_half_a_packet_does_not_count(broker):
    """[v5 3.1.2-22]: control packets are counted, not bytes."""
    client = broker.client("c", keep_alive=1)
    whole = wire.publish("a", "x" * 100)
    begin = time.monotonic()
    for at in range(80):
        try:
            client.send(whole[at : at + 1])
            packet = client.recv(0.1)
        except Timeout:
            continue
        except (Closed, OSError):
            break
        assert (packet.kind, packet.code) == (wire.DISCONNECT, 0x8D)
    assert 1.4 <= time.monotonic() - begin <= 4


def test_deliveries_do_not_count(broker):
    """What the client receives does not show that it lives."""
    client, publisher = broker.client("c", keep_alive=1), broker.client("p")
    client.subscribe("a")
    begin = time.monotonic()
    while time.monotonic() - begin < 8:
        publisher.publish("a", "x")
        packet = client.recv()
        if packet.kind == wire.DISCONNECT:
            assert packet.code == 0x8D
            break
        time.sleep(0.05)
    assert 1.4 <= time.monotonic() - begin <= 4


@pytest.mark.config({"mqtt.server_keepalive": "1s"})
def test_server_keep_alive_is_the_one_that_counts(broker):
    client = broker.client("c", keep_alive=1000)
    assert client.connack.get("server_keep_alive") == 1
    assert 1.4 <= silence(client) <= 4


@pytest.mark.config({"mqtt.keepalive_multiplier": 3.0})
def test_multiplier(broker):
    assert 2.8 <= silence(broker.client("c", keep_alive=1)) <= 6
