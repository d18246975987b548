"""Where Mosquitto 2.0.11 behaves otherwise than this suite asks, for the differential run (see README.md)."""

# (file, start of the test's name) -> why it differs. A test named here must fail against Mosquitto.
MOSQUITTO = {}


def reason(test, module):
    for (file, name), why in MOSQUITTO.items():
        if file == module and test.startswith(name):
            return why
    return None
