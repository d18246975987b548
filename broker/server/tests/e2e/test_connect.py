"""CONNECT and CONNACK: versions, client ids, the first packet, time limits."""

import pytest

import wire
from broker import until


def test_every_version_connects_and_pings(broker, version):
    with broker.client("c", version) as client:
        assert client.connack.session_present is False
        client.quiet()
        client.disconnect()


@pytest.mark.parametrize("version", [wire.V311, wire.V5])
def test_empty_client_id_with_clean_start_is_given_one(broker, version):
    first, second = broker.client("", version), broker.client("", version)
    first.quiet()
    second.quiet()
    if version == wire.V5:
        names = {client.connack.get("assigned_client_id") for client in (first, second)}
        assert len(names) == 2 and None not in names


def test_assigned_client_id_names_the_session(broker):
    first = broker.client("", props={"session_expiry": 100})
    name = first.connack.get("assigned_client_id")
    first.subscribe("a")
    first.disconnect()
    assert broker.client(name, clean=False).connack.session_present


def test_no_assigned_client_id_when_the_client_has_one(broker):
    assert broker.client("mine").connack.get("assigned_client_id") is None


@pytest.mark.parametrize("version,clean", [(wire.V311, False), (wire.V31, True)])
def test_empty_client_id_refused(broker, version, clean):
    client = broker.dial(version)
    client.connect("", code=2, clean=clean)
    client.expect_closed()


def test_empty_client_id_without_clean_start_v5(broker):
    """5.0 lets the server take it: the session has no past."""
    assert not broker.client("", clean=False).connack.session_present


def test_second_connect_is_a_protocol_error(broker, version):
    client = broker.client("twice", version)
    client.send(wire.connect(version, "twice"))
    client.expect_disconnect(0x82)


@pytest.mark.parametrize(
    "first",
    [
        wire.PING,
        wire.publish("a", "b"),
        wire.subscribe(1, "a"),
        wire.disconnect(),
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        bytes.fromhex("16030100c8010000c40303") + bytes(194),
        b"\0" * 64,
        b"\xff" * 64,
    ],
    ids=["ping", "publish", "subscribe", "disconnect", "http", "tls", "zeros", "ones"],
)
def test_first_packet_must_be_connect(broker, first):
    bystander = broker.client("bystander")
    client = broker.dial()
    client.send(first)
    client.expect_closed()
    bystander.quiet()


@pytest.mark.parametrize("level", [0, 1, 2, 6, 7, 127, 255])
def test_unknown_protocol_level(broker, level):
    """The answer, if there is one, is 3.1.1's or 5.0's CONNACK: the client speaks neither."""
    client = broker.dial()
    body = bytearray(wire.connect(wire.V5, "level"))
    body[8] = level
    client.send(bytes(body))
    answer = client.rest()
    assert answer in (b"", bytes.fromhex("20020001")) or answer[:1] + answer[2:4] == bytes.fromhex("200084")


@pytest.mark.config({"mqtt.idle_timeout": "1s"})
def test_silent_connection_is_closed(broker):
    silent, half = broker.dial(), broker.dial()
    half.send(wire.connect(wire.V5, "half")[:7])
    connected = broker.client("connected")
    silent.expect_closed(8)
    half.expect_closed(8)
    connected.quiet()


def test_connect_in_single_bytes(broker, version):
    client = broker.dial(version)
    for byte in wire.connect(version, "slow"):
        client.send(bytes([byte]))
    assert client.expect(wire.CONNACK).code == 0
    client.quiet()


def test_publish_behind_connect_in_one_segment(broker, version):
    """A client need not wait for CONNACK."""
    watcher = broker.client("watcher", version)
    watcher.subscribe("early")
    client = broker.dial(version)
    client.send(wire.connect(version, "early") + wire.publish("early", "1", version=version) + wire.disconnect())
    assert client.expect(wire.CONNACK).code == 0
    client.expect_closed()
    assert watcher.message().payload == b"1"


def test_connack_states_the_limits(broker):
    connack = broker.client("limits").connack
    assert connack.get("receive_maximum") not in (0,)
    assert connack.get("topic_alias_maximum", 0) > 0
    assert connack.get("maximum_packet_size", 1 << 28) >= 1 << 20
    for absent_means_yes in ("retain_available", "wildcard_available", "subscription_ids_available", "shared_available"):
        assert connack.get(absent_means_yes, 1) == 1
    assert connack.get("maximum_qos") is None


@pytest.mark.config({"mqtt.server_keepalive": "7s"})
def test_server_keep_alive(broker):
    assert broker.client("k", keep_alive=100).connack.get("server_keep_alive") == 7


@pytest.mark.config({"mqtt.response_information": "replies/"})
def test_response_information_only_when_asked(broker):
    assert broker.client("a", props={"request_response_information": 1}).connack.get("response_information") == "replies/"
    assert broker.client("b").connack.get("response_information") is None


def test_user_and_password_are_accepted(broker, version):
    broker.client("u", version, user="someone", password=b"\0secret").quiet()


def test_unknown_authentication_method(broker):
    client = broker.dial()
    client.connect("auth", code=0x8C, props={"authentication_method": "UNHEARD-OF"})
    client.expect_closed()


@pytest.mark.skein
def test_connections_are_counted(broker):
    clients = [broker.client(f"n{number}") for number in range(5)]
    until(lambda: broker.counter("connections.count") == 5, "five connections counted")
    for client in clients:
        client.disconnect()
    until(lambda: broker.counter("connections.count") == 0, "no connection counted")
