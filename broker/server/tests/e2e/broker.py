"""Starts and stops one broker process with its own data folder, configuration file and ports."""

import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from raw import DEADLINE, RawClient
import wire

HOST = "127.0.0.1"
TROUBLE = re.compile(r"\b(WARN|ERROR)\b|panicked")
# Under mosquitto's own name for the same thing.
MOSQUITTO_KEYS = {
    "mqtt.max_packet_size": "max_packet_size",
    "mqtt.max_inflight": "max_inflight_messages",
    "mqtt.max_mqueue_len": "max_queued_messages",
}


def differential():
    """Whether the suite runs against Mosquitto instead of Skein, see README.md."""
    return os.environ.get("E2E_BROKER") == "mosquitto"


def free_port() -> int:
    """A port below the range the kernel gives to outgoing connections, so that no client of a test can take it."""
    while True:
        port = random.randrange(15000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port


def until(condition, what, timeout=DEADLINE, pause=0.01):
    """Polls `condition` until it is true and returns its value."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {timeout} s: {what}"
        time.sleep(pause)


def plain(value):
    """A number of bytes without its unit."""
    for unit, size in (("MB", 1 << 20), ("KB", 1 << 10)):
        if str(value).endswith(unit):
            return int(value[:-2]) * size
    return value


def binary() -> str:
    path = os.environ.get("SKEIN_BIN")
    assert path and os.access(path, os.X_OK), "set SKEIN_BIN to the binary `skein`"
    return path


class Broker:
    def __init__(self, folder: Path, settings=None, environment=None):
        self.folder = folder
        self.port, self.api_port = free_port(), free_port()
        self.settings = {
            "listeners.tcp.default.bind": f"{HOST}:{self.port}",
            "api.bind": f"{HOST}:{self.api_port}",
            "node.data_dir": str(folder / "data"),
            "node.shards": int(os.environ.get("E2E_SHARDS", "1")),
        } | (settings or {})
        self.environment = environment or {}
        self.expected = []
        self.clients = []
        self.process = None
        self.log_path = folder / "log"

    @property
    def address(self):
        return HOST, self.port

    def config_file(self) -> Path:
        path = self.folder / "skein.conf"
        path.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in self.settings.items()))
        return path

    def command(self):
        if not differential():
            return [binary(), "run", "--config", str(self.config_file())]
        path = self.folder / "mosquitto.conf"
        lines = [f"listener {self.port} {HOST}", "allow_anonymous true", "sys_interval 1"]
        lines += [f"{name} {plain(self.settings[key])}" for key, name in MOSQUITTO_KEYS.items() if key in self.settings]
        path.write_text("\n".join(lines) + "\n")
        return [shutil.which("mosquitto") or "/usr/sbin/mosquitto", "-c", str(path)]

    def spawn(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=self.folder,
                env={key: value for key, value in os.environ.items() if not key.startswith("SKEIN__")} | self.environment,
            )

    def start(self):
        self.spawn()
        until(self.ready, "the broker serves", 20)
        return self

    def ready(self):
        assert self.process.poll() is None, f"the broker ended with {self.process.returncode}:\n{self.log()}"
        try:
            if differential():
                RawClient(self.address).close()
            else:
                self.get("/status")
        except (OSError, urllib.error.URLError):
            return False
        return True

    def get(self, path) -> str:
        if differential():
            pytest.skip("asks Skein's own endpoint")
        with urllib.request.urlopen(f"http://{HOST}:{self.api_port}{path}", timeout=DEADLINE) as answer:
            return answer.read().decode()

    def metrics(self) -> dict:
        """Prometheus samples: name with labels -> value; plus the sum over labels under the bare name."""
        found = {}
        for line in self.get("/metrics").splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                found[name] = float(value)
                bare = name.split("{")[0]
                if bare != name:
                    found[bare] = found.get(bare, 0) + float(value)
        return found

    def counter(self, name) -> float:
        """A counter or gauge by its dotted name, over all shards."""
        plain = name.removesuffix(".count").replace(".", "_")
        return self.metrics()[f"mqtt_{plain}" if name.endswith(".count") else f"mqtt_{plain}_total"]

    def log(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def expect_log(self, pattern):
        """A WARN or ERROR line that matches `pattern` is part of the test."""
        self.expected.append(re.compile(pattern))

    def check_log(self):
        if differential():
            return
        lines = [line for line in self.log().splitlines() if TROUBLE.search(line)]
        lines = [line for line in lines if not any(each.search(line) for each in self.expected)]
        assert not lines, "unexpected in the log:\n" + "\n".join(lines)

    def dial(self, version=wire.V5, **arguments) -> RawClient:
        """A TCP connection on which nothing has been sent."""
        client = RawClient(self.address, version, **arguments)
        self.clients.append(client)
        return client

    def client(self, client_id="", version=wire.V5, **arguments) -> RawClient:
        """A connected client. `arguments` are those of `wire.connect`."""
        client = self.dial(version)
        client.connect(client_id, **arguments)
        return client

    def terminate(self, number=signal.SIGTERM, timeout=20) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout)

    def cli(self, *arguments, environment=None):
        """Another command of the binary, run to its end in the broker's folder."""
        if differential():
            pytest.skip("a command of Skein")
        return subprocess.run([binary(), *arguments], capture_output=True, text=True, timeout=20, cwd=self.folder, env=os.environ | (environment or {}))

    def stop(self):
        """Ends the process as an operator does and checks that it ended well."""
        for client in self.clients:
            client.close()
        if self.process is None:
            return
        if self.process.poll() is not None:
            assert self.process.returncode == 0, f"the broker ended with {self.process.returncode}:\n{self.log()}"
        else:
            assert self.terminate() == 0, f"exit code {self.process.returncode}:\n{self.log()}"
        self.check_log()

    def kill(self):
        for client in self.clients:
            client.close()
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
