"""The process: start, refusal to start, configuration, signals, graceful stop."""

import json
import os
import signal
import socket
import time
import urllib.error
import urllib.request

import pytest

import wire
from broker import HOST, Broker, binary, until
from raw import Closed, Timeout
from wire import Will

pytestmark = pytest.mark.skein
SIGNALS = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["term", "int"])


def refused(broker, *sentences):
    """The process ends by itself with a failure that `sentences` explain."""
    broker.spawn()
    code = broker.process.wait(20)
    log = broker.log()
    assert code not in (0, 101, -signal.SIGABRT), log
    assert "panicked" not in log
    for sentence in sentences:
        assert sentence in log, log


@SIGNALS
def test_graceful_stop(broker, number):
    five, old = broker.client("five"), broker.client("old", wire.V311)
    assert broker.terminate(number) == 0
    five.expect_disconnect(0x8B)
    old.expect_closed()


def test_stop_with_nobody_connected(broker):
    begin = time.monotonic()
    assert broker.terminate() == 0
    assert time.monotonic() - begin < 3


def test_stop_does_not_wait_for_a_stuck_client(start):
    broker = start({"shutdown.grace_period": "2s"})
    stuck = broker.dial(receive_buffer=4096)
    stuck.connect("stuck")
    stuck.subscribe("a")
    publisher = broker.client("p")
    for _ in range(300):
        publisher.publish("a", b"x" * 20_000, 1)
    begin = time.monotonic()
    assert broker.terminate() == 0
    assert time.monotonic() - begin < 5


def test_wills_at_a_graceful_stop(broker):
    """The server ends these connections in an orderly way other than by the client's DISCONNECT: wills are due."""
    watcher = broker.client("watcher")
    watcher.subscribe("will/#")
    broker.client("c", will=Will("will/c"))
    broker.process.send_signal(signal.SIGTERM)
    packets = [watcher.recv()]
    if packets[0].kind == wire.PUBLISH:
        packets.append(watcher.recv())
    assert packets[-1].kind == wire.DISCONNECT and packets[-1].code == 0x8B
    assert broker.process.wait(20) == 0


def test_second_signal_ends_at_once(start):
    broker = start({"shutdown.grace_period": "1m"})
    broker.expect_log("Stopped at once")
    stuck = broker.dial(receive_buffer=4096)
    stuck.connect("stuck")
    stuck.subscribe("a")
    publisher = broker.client("p")
    for _ in range(300):
        publisher.publish("a", b"x" * 20_000, 1)
    broker.process.send_signal(signal.SIGTERM)
    begin = time.monotonic()
    while broker.process.poll() is None and time.monotonic() - begin < 10:
        broker.process.send_signal(signal.SIGTERM)
        time.sleep(0.05)
    assert broker.process.poll() is not None
    broker.process.returncode = 0


def test_restart_on_the_same_port(broker):
    clients = [broker.client(f"c{number}") for number in range(50)]
    assert broker.terminate() == 0
    for client in clients:
        client.close()
    broker.start().client("again").quiet()


def test_port_in_use(idle):
    with socket.socket() as other:
        other.bind((HOST, idle.port))
        other.listen()
        refused(idle, str(idle.port), "in use")


def test_port_of_another_skein(broker, tmp_path):
    """Listeners share their port among shards, but not with a second process."""
    other = Broker(tmp_path, {"listeners.tcp.default.bind": f"{HOST}:{broker.port}"})
    try:
        refused(other, str(broker.port), "in use")
    finally:
        other.kill()
    broker.client("c").quiet()


def test_api_port_in_use(idle):
    with socket.socket() as other:
        other.bind((HOST, idle.api_port))
        other.listen()
        refused(idle, str(idle.api_port), "in use")


@pytest.mark.config({"mqtt.max_paket_size": "1MB"})
def test_unknown_key(idle):
    refused(idle, "mqtt.max_paket_size", "mqtt.max_packet_size")


@pytest.mark.config({"mqtt.max_packet_size": "1 furlong"})
def test_bad_value(idle):
    refused(idle, "mqtt.max_packet_size", "furlong")


def test_bad_syntax(idle):
    command = idle.command()
    (idle.folder / "skein.conf").write_text("mqtt { max_packet_size = ")
    idle.command = lambda: command
    refused(idle, "skein.conf")


def test_missing_file(idle):
    command = [binary(), "run", "--config", str(idle.folder / "nowhere.conf")]
    idle.command = lambda: command
    refused(idle, "nowhere.conf")


@pytest.mark.config({"node.data_dir": "/proc/nowhere"})
def test_data_dir_that_cannot_be_made(idle):
    refused(idle, "/proc/nowhere")


def test_config_check(idle):
    ran = idle.cli("config", "check", str(idle.config_file()))
    assert ran.returncode == 0, ran
    idle.settings |= {"mqtt.max_qos_allowed": 3, "listeners.tcp.default.bnid": "x"}
    ran = idle.cli("config", "check", str(idle.config_file()))
    assert ran.returncode == 1
    text = ran.stdout + ran.stderr
    assert "max_qos_allowed" in text and "bnid" in text and "bind" in text


def test_config_show_names_the_origin(idle):
    idle.settings["mqtt.max_inflight"] = 7
    path = str(idle.config_file())
    ran = idle.cli("config", "show", "--config", path, "--json", environment={"SKEIN__MQTT__MAX_RECEIVE": "9"})
    assert ran.returncode == 0, ran
    values = {each["key"]: each for each in json.loads(ran.stdout)}
    assert values["mqtt.max_inflight"]["value"] == 7 and values["mqtt.max_inflight"]["origin"]["path"] == path
    assert values["mqtt.max_receive"]["value"] == 9
    assert values["mqtt.max_receive"]["origin"] == {"kind": "environment", "variable": "SKEIN__MQTT__MAX_RECEIVE"}
    assert values["mqtt.max_qos_allowed"]["origin"] == {"kind": "default"}
    text = idle.cli("config", "show", "--config", path).stdout
    assert any("mqtt.max_inflight = 7" in line and "skein.conf" in line for line in text.splitlines())


def test_environment_overrides_the_file(start):
    broker = start({"mqtt.max_qos_allowed": 0}, {"SKEIN__MQTT__MAX_QOS_ALLOWED": "1"})
    assert broker.client("c").connack.get("maximum_qos") == 1


def test_unknown_environment_variable(idle):
    idle.environment = {"SKEIN__MQTT__MAX_PAKET_SIZE": "1MB"}
    refused(idle, "SKEIN__MQTT__MAX_PAKET_SIZE")


def test_version(idle):
    ran = idle.cli("--version")
    assert ran.returncode == 0 and ran.stdout.startswith("skein ")


def test_runs_without_any_configuration(tmp_path):
    """It serves loopback only, and says so."""
    with socket.socket() as probe:
        try:
            probe.bind((HOST, 1883))
        except OSError:
            pytest.skip("something listens on the default port")
    broker = Broker(tmp_path)
    broker.command = lambda: [binary(), "run"]
    broker.port, broker.api_port = 1883, 18083
    try:
        broker.start()
        broker.client("c").quiet()
        assert "127.0.0.1:1883" in broker.log()
        with open("/proc/net/tcp") as table:
            listening = [line.split()[1] for line in table if line.split()[3] == "0A"]
        mine = [address for address in listening if address.endswith((":075B", ":46A3"))]
        assert mine and all(address.startswith("0100007F:") for address in mine)
        broker.stop()
    finally:
        broker.kill()


def test_log_as_json(start):
    broker = start({"log.format": "json"})
    broker.terminate()
    lines = [json.loads(line) for line in broker.log().splitlines()]
    assert len(lines) > 2 and all(line["level"] == "INFO" for line in lines)


def test_log_level_at_run_time(broker):
    url = f"http://{HOST}:{broker.api_port}/log/level"

    def put(level):
        return urllib.request.urlopen(urllib.request.Request(url, level.encode(), method="PUT"), timeout=5).read().strip()

    with pytest.raises(urllib.error.HTTPError) as error:
        put("loud")
    assert error.value.code == 400
    assert put("error") == broker.get("/log/level").strip().encode() == b"error"
    before = broker.log()
    assert broker.terminate() == 0
    assert broker.log() == before, "a stop at level info says something"


def limited(broker, files):
    """The broker's command with that many open files at the most."""
    command = broker.command()
    broker.command = lambda: ["sh", "-c", f'ulimit -n {files}; exec "$0" "$@"', *command]
    broker.expect_log("(?i)open files|descriptor")
    return broker


def test_too_few_open_files(idle):
    refused(limited(idle, 100), "open files", "ulimit -n")


def test_out_of_file_descriptors(idle):
    """More connections than descriptors: the surplus waits or is closed, those inside go on, and it recovers."""
    broker = limited(idle, 300).start()
    inside = broker.client("inside")
    crowd = [broker.dial() for _ in range(400)]
    inside.quiet()
    for client in crowd:
        client.close()

    def served():
        try:
            broker.client("after").quiet()
        except (Closed, Timeout, OSError):
            return False
        return True

    until(served, "it accepts again", 20)
    inside.quiet()
    broker.stop()


def test_no_cpu_while_idle(broker):
    """Two hundred silent clients with keep alive cost no processor time worth mention."""
    for number in range(200):
        broker.client(f"c{number}", keep_alive=300)

    def ticks():
        with open(f"/proc/{broker.process.pid}/stat") as stat:
            fields = stat.read().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    before, begin = ticks(), time.monotonic()
    until(lambda: time.monotonic() - begin > 2, "two seconds pass", 5, 0.1)
    assert ticks() - before < 0.2
