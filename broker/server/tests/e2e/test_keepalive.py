"""Keep alive: silence for one and a half times the agreed time ends a connection; nothing else does."""

import time

import pytest

import wire


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


def test_any_packet_counts(broker):
    client = broker.client("c", keep_alive=1)
    begin = time.monotonic()
    packets = [wire.PING, wire.publish("a", "x"), wire.subscribe(1, "b"), wire.ack(wire.PUBACK, 9)]
    while time.monotonic() - begin < 3:
        client.send(packets[int(time.monotonic()) % 4])
        time.sleep(0.2)
    client.socket.setblocking(True)
    assert silence(client_after_answers(client)) >= 1.2


def client_after_answers(client):
    """Takes the answers that are on their way."""
    client.send(wire.publish("last", "x", 1, 7))
    while client.recv().kind != wire.PUBACK:
        pass
    return client


def test_half_a_packet_does_not_count(broker):
    """[v5 3.1.2-22]: control packets are counted, not bytes."""
    client = broker.client("c", keep_alive=1)
    whole = wire.publish("a", "x" * 100)
    begin = time.monotonic()
    at = 0
    client.socket.settimeout(0.1)
    while time.monotonic() - begin < 8:
        try:
            if at < 100:
                client.socket.send(whole[at : at + 1])
                at += 1
            if not client.socket.recv(100):
                break
            if client.socket.recv(100) == b"":
                break
        except TimeoutError:
            continue
        except OSError:
            break
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
