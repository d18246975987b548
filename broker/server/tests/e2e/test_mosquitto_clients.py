"""The command-line clients of Mosquitto, as packaged by Debian: mosquitto_pub, mosquitto_sub, mosquitto_rr."""

import shutil
import subprocess

import pytest

from broker import HOST, until

NAMES = {"v31": "mqttv31", "v311": "mqttv311", "v5": "mqttv5"}
pytestmark = pytest.mark.parametrize("protocol", NAMES.values(), ids=NAMES)


def arguments(broker, tool, protocol, *more):
    path = shutil.which(tool)
    assert path, f"{tool} is missing: install the package mosquitto-clients"
    return [path, "-h", HOST, "-p", str(broker.port), "-V", protocol, *more]


def pub(broker, protocol, *more, **options):
    subprocess.run(arguments(broker, "mosquitto_pub", protocol, *more), check=True, timeout=30, **options)


class Sub:
    """mosquitto_sub in the background; ready when it has its SUBACK."""

    def __init__(self, broker, protocol, folder, *more):
        self.out = folder / f"sub{len(list(folder.glob('sub*')))}"
        command = arguments(broker, "mosquitto_sub", protocol, "-d", "-W", "30", "-F", "GOT %t %q %r %p", *more)
        with open(self.out, "wb") as out:
            self.process = subprocess.Popen(["stdbuf", "-oL", *command], stdout=out, stderr=out)
        # Messages that waited for it may come first and be all it wants.
        until(lambda: "Subscribed (mid" in self.text() or self.process.poll() == 0, "SUBACK")

    def text(self):
        return self.out.read_text(errors="replace")

    def lines(self):
        """Topic, QoS, retain flag and payload of each message, once all awaited ones came."""
        assert self.process.wait(30) == 0, self.text()
        return [line[4:] for line in self.text().splitlines() if line.startswith("GOT ")]

    def stop(self):
        self.process.kill()
        self.process.wait()


def test_the_readme_s_example(broker, protocol, tmp_path):
    sub = Sub(broker, protocol, tmp_path, "-t", "a/#", "-q", "2", "-C", "1")
    pub(broker, protocol, "-t", "a/b", "-q", "2", "-m", "hi")
    assert sub.lines() == ["a/b 2 0 hi"]


@pytest.mark.parametrize("qos", ["0", "1", "2"])
def test_hundred_lines(broker, protocol, qos, tmp_path):
    sub = Sub(broker, protocol, tmp_path, "-t", "+/lines", "-q", qos, "-C", "100")
    text = "".join(f"line {number}\n" for number in range(100))
    pub(broker, protocol, "-t", "some/lines", "-q", qos, "-l", input=text.encode())
    assert sub.lines() == [f"some/lines {qos} 0 line {number}" for number in range(100)]


def test_retained_and_removed(broker, protocol, tmp_path):
    pub(broker, protocol, "-t", "r/1", "-r", "-q", "1", "-m", "kept")
    pub(broker, protocol, "-t", "r/2", "-r", "-q", "1", "-m", "gone")
    pub(broker, protocol, "-t", "r/2", "-r", "-q", "1", "-n")
    sub = Sub(broker, protocol, tmp_path, "-t", "r/#", "-q", "1", "-C", "1")
    assert sub.lines() == ["r/1 1 1 kept"]


def test_will(broker, protocol, tmp_path):
    sub = Sub(broker, protocol, tmp_path, "-t", "will", "-q", "1", "-C", "1")
    dying = Sub(broker, protocol, tmp_path, "-t", "other", "--will-topic", "will", "--will-payload", "bye", "--will-qos", "1")
    dying.stop()
    assert sub.lines() == ["will 1 0 bye"]


def test_persistent_session(broker, protocol, tmp_path):
    keep = ["-c", "-i", "keeper", "-q", "1", "-t", "kept/#"]
    if protocol == "mqttv5":
        keep += ["-x", "300"]
    sub = Sub(broker, protocol, tmp_path, *keep)
    sub.process.terminate()
    sub.process.wait()
    for number in range(3):
        pub(broker, protocol, "-t", f"kept/{number}", "-q", "1", "-m", str(number))
    sub = Sub(broker, protocol, tmp_path, *keep, "-C", "3")
    assert sub.lines() == [f"kept/{number} 1 0 {number}" for number in range(3)]


def test_shared(broker, protocol, tmp_path):
    subs = [Sub(broker, protocol, tmp_path, "-t", "$share/g/s", "-q", "1", "-C", "5") for _ in range(2)]
    pub(broker, protocol, "-t", "s", "-q", "1", "-l", input="".join(f"{number}\n" for number in range(10)).encode())
    assert sorted(line for sub in subs for line in sub.lines()) == [f"s 1 0 {number}" for number in range(10)]


def test_large_file(broker, protocol, tmp_path):
    payload = bytes(range(256)) * 3000
    (tmp_path / "file").write_bytes(payload)
    target = tmp_path / "received"
    with open(target, "wb") as out:
        command = arguments(broker, "mosquitto_sub", protocol, "-t", "file", "-q", "1", "-C", "1", "-N", "-W", "30", "-i", "receiver")
        sub = subprocess.Popen(command, stdout=out)
    # It says nothing when it is ready, so the file is retained.
    pub(broker, protocol, "-t", "file", "-q", "1", "-r", "-f", str(tmp_path / "file"))
    assert sub.wait(30) == 0
    assert target.read_bytes() == payload


def test_request_response(broker, protocol, tmp_path):
    if protocol != "mqttv5":
        pytest.skip("mosquitto_rr speaks 5.0 only")
    answerer = broker.client("answerer")
    answerer.subscribe("question")
    command = arguments(broker, "mosquitto_rr", protocol, "-t", "question", "-e", "answer", "-m", "?", "-W", "20")
    asker = subprocess.Popen(command, stdout=subprocess.PIPE)
    question = answerer.message()
    properties = {"correlation_data": question.get("correlation_data")} if question.get("correlation_data") else None
    answerer.publish(question.get("response_topic"), "42", props=properties)
    assert asker.communicate(timeout=20)[0].strip() == b"42"
    assert asker.returncode == 0


def test_properties(broker, protocol, tmp_path):
    if protocol != "mqttv5":
        pytest.skip("properties came with 5.0")
    watch = broker.client("watch")
    watch.subscribe("p")
    user = ["-D", "publish", "user-property", "b", "1", "-D", "publish", "user-property", "a", "2"]
    pub(broker, protocol, "-t", "p", "-m", "x", *user, "-D", "publish", "content-type", "text/plain", "-D", "publish", "message-expiry-interval", "77")
    message = watch.message()
    assert message.all("user") == [("b", "1"), ("a", "2")]
    assert message.get("content_type") == "text/plain" and message.get("message_expiry") in (76, 77)
