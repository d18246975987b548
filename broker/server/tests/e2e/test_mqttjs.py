"""MQTT.js: the tests are in ../mqttjs, run by Node's own test runner; MQTT.js is found by NODE_PATH."""

import os
import shutil
import subprocess
from pathlib import Path

from broker import HOST

SUITE = Path(__file__).parent.parent / "mqttjs" / "clients.test.cjs"


def test_mqttjs(broker):
    node = shutil.which("node")
    assert node and os.environ.get("NODE_PATH"), "needs Node.js, and NODE_PATH set to a folder node_modules with MQTT.js"
    environment = os.environ | {"MQTT_URL": f"mqtt://{HOST}:{broker.port}"}
    ran = subprocess.run([node, "--test", "--test-timeout=30000", str(SUITE)], env=environment, timeout=120, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
