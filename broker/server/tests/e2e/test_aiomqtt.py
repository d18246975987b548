"""aiomqtt, the asyncio client."""

import asyncio

import aiomqtt
import pytest

from broker import HOST

PROTOCOLS = {3: aiomqtt.ProtocolVersion.V31, 4: aiomqtt.ProtocolVersion.V311, 5: aiomqtt.ProtocolVersion.V5}


def client(broker, name, version, **options):
    return aiomqtt.Client(HOST, broker.port, identifier=name, protocol=PROTOCOLS[version], timeout=10, **options)


async def take(subscriber, count):
    got = []
    async with asyncio.timeout(20):
        async for message in subscriber.messages:
            got.append(message)
            if len(got) == count:
                return got


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_publish_and_subscribe(broker, version, qos):
    async def run():
        async with client(broker, "s", version) as subscriber, client(broker, "p", version) as publisher:
            await subscriber.subscribe("a/#", qos=2)
            for number in range(50):
                await publisher.publish(f"a/{number % 3}", str(number), qos=qos)
            got = await take(subscriber, 50)
            assert [message.payload.decode() for message in got] == [str(number) for number in range(50)]
            assert {message.qos for message in got} == {qos}

    asyncio.run(run())


def test_will_and_retained(broker, version):
    async def run():
        will = aiomqtt.Will("will", "bye", qos=1, retain=True)
        dying = client(broker, "dying", version, will=will)
        async with client(broker, "s", version) as subscriber:
            await subscriber.subscribe("will", qos=1)
            await dying.__aenter__()
            dying._client._sock_close()
            (message,) = await take(subscriber, 1)
            assert message.payload == b"bye" and not message.retain
        async with client(broker, "late", version) as late:
            await late.subscribe("will", qos=1)
            (message,) = await take(late, 1)
            assert message.retain

    asyncio.run(run())


def test_session(broker, version):
    async def run():
        keep = {"clean_session": False} if version < 5 else {"clean_start": False, "properties": expiry(300)}
        async with client(broker, "s", version, **keep) as subscriber:
            await subscriber.subscribe("a", qos=1)
        async with client(broker, "p", version) as publisher:
            for number in range(20):
                await publisher.publish("a", str(number), qos=1)
        async with client(broker, "s", version, **keep) as subscriber:
            got = await take(subscriber, 20)
            assert [int(message.payload) for message in got] == list(range(20))

    asyncio.run(run())


def expiry(seconds):
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties

    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = seconds
    return properties


def test_50_clients_talk_to_each_other(broker, version):
    async def one(number, arrived, all_there):
        async with client(broker, f"c{number}", version) as mine:
            await mine.subscribe("room/#", qos=1)
            arrived.append(number)
            if len(arrived) == 50:
                all_there.set()
            await all_there.wait()
            await mine.publish(f"room/{number}", str(number), qos=1)
            got = await take(mine, 50)
            assert sorted(int(message.payload) for message in got) == list(range(50))

    async def run():
        all_there = asyncio.Event()
        arrived = []
        await asyncio.wait_for(asyncio.gather(*(one(number, arrived, all_there) for number in range(50))), 60)

    asyncio.run(run())
