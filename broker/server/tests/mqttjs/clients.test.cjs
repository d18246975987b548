// MQTT.js against the broker at MQTT_URL; run by broker/server/tests/e2e/test_mqttjs.py.
"use strict";

const assert = require("node:assert");
const { after, test } = require("node:test");
const mqtt = require("mqtt");

const url = process.env.MQTT_URL;
const VERSIONS = [
  { name: "3.1", protocolVersion: 3, protocolId: "MQIsdp" },
  { name: "3.1.1", protocolVersion: 4 },
  { name: "5.0", protocolVersion: 5 },
];

// A failed test leaves its clients open, and open sockets would keep the process alive.
const clients = [];
after(() => clients.forEach((client) => client.end(true)));

async function connect(version, options = {}) {
  const { name, ...protocol } = version;
  const client = await mqtt.connectAsync(url, { reconnectPeriod: 0, connectTimeout: 10000, ...protocol, ...options });
  clients.push(client);
  client.inbox = [];
  client.waiting = [];
  client.on("message", (topic, payload, packet) => {
    const message = { topic, payload: payload.toString(), packet };
    const next = client.waiting.shift();
    if (next) next(message);
    else client.inbox.push(message);
  });
  return client;
}

function message(client) {
  if (client.inbox.length) return Promise.resolve(client.inbox.shift());
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("no message within 10 s")), 10000);
    client.waiting.push((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}

function ended(client) {
  return new Promise((resolve) => client.once("close", resolve));
}

const kept = (version) => (version.protocolVersion === 5 ? { clean: false, properties: { sessionExpiryInterval: 300 } } : { clean: false });

for (const version of VERSIONS) {
  const id = (name) => `${name}-${version.protocolVersion}`;

  for (const qos of [0, 1, 2]) {
    test(`${version.name}: publish and subscribe, QoS ${qos}`, async () => {
      const subscriber = await connect(version);
      const publisher = await connect(version);
      const topic = `js/${version.protocolVersion}/${qos}`;
      const granted = await subscriber.subscribeAsync(`${topic}/#`, { qos: 2 });
      assert.strictEqual(granted[0].qos, 2);
      // Not more than the server's Receive Maximum, which MQTT.js does not look at.
      for (let number = 0; number < 20; number += 1) publisher.publish(`${topic}/x`, String(number), { qos });
      for (let number = 0; number < 20; number += 1) {
        const got = await message(subscriber);
        assert.strictEqual(got.payload, String(number));
        assert.strictEqual(got.packet.qos, qos);
      }
      await Promise.all([subscriber.endAsync(), publisher.endAsync()]);
    });
  }

  test(`${version.name}: session`, async () => {
    const options = { clientId: id("keeper"), ...kept(version) };
    const first = await connect(version, options);
    await first.subscribeAsync(`js/kept/${id("a")}`, { qos: 1 });
    await first.endAsync();
    const publisher = await connect(version);
    for (let number = 0; number < 20; number += 1) await publisher.publishAsync(`js/kept/${id("a")}`, String(number), { qos: 1 });
    const inbox = [];
    const { name, ...protocol } = version;
    const second = mqtt.connect(url, { reconnectPeriod: 0, ...protocol, ...options });
    clients.push(second);
    await new Promise((resolve) => {
      second.on("message", (topic, payload) => {
        inbox.push(payload.toString());
        if (inbox.length === 20) resolve();
      });
    });
    assert.deepStrictEqual(inbox, [...Array(20).keys()].map(String));
    await Promise.all([second.endAsync(), publisher.endAsync()]);
  });

  test(`${version.name}: will and retained`, async () => {
    const topic = `js/will/${id("a")}`;
    const watcher = await connect(version);
    await watcher.subscribeAsync(topic, { qos: 1 });
    const dying = await connect(version, { will: { topic, payload: Buffer.from("bye"), qos: 1, retain: true } });
    dying.stream.destroy();
    assert.strictEqual((await message(watcher)).payload, "bye");
    const late = await connect(version);
    await late.subscribeAsync(topic);
    const got = await message(late);
    assert.strictEqual(got.packet.retain, true);
    await Promise.all([watcher.endAsync(), late.endAsync(), dying.endAsync(true)]);
  });

  test(`${version.name}: large payload`, async () => {
    const client = await connect(version);
    const topic = `js/large/${id("a")}`;
    await client.subscribeAsync(topic, { qos: 2 });
    const payload = "0123456789abcdef".repeat(50000);
    client.publish(topic, payload, { qos: 2 });
    assert.strictEqual((await message(client)).payload, payload);
    await client.endAsync();
  });

  test(`${version.name}: takeover`, async () => {
    const first = await connect(version, { clientId: id("same") });
    const end = ended(first);
    const reasons = [];
    first.on("disconnect", (packet) => reasons.push(packet.reasonCode));
    const second = await connect(version, { clientId: id("same") });
    await end;
    assert.deepStrictEqual(reasons, version.protocolVersion === 5 ? [0x8e] : []);
    await second.endAsync();
  });
}

test("5.0: properties, aliases and identifiers", async () => {
  const five = VERSIONS[2];
  const client = await connect(five, { properties: { topicAliasMaximum: 5 }, autoUseTopicAlias: true, autoAssignTopicAlias: true });
  await client.subscribeAsync("js/props", { qos: 1, properties: { subscriptionIdentifier: 321 } });
  const properties = {
    userProperties: { a: ["1", "2"], b: "3" },
    responseTopic: "js/answer",
    correlationData: Buffer.from([0, 255]),
    contentType: "text/plain",
    payloadFormatIndicator: true,
    messageExpiryInterval: 60,
  };
  for (let number = 0; number < 10; number += 1) client.publish("js/props", String(number), { qos: 1, properties: { ...properties } });
  for (let number = 0; number < 10; number += 1) {
    const got = await message(client);
    assert.strictEqual(got.topic, "js/props");
    assert.strictEqual(got.payload, String(number));
    assert.deepStrictEqual({ ...got.packet.properties.userProperties }, { a: ["1", "2"], b: "3" });
    assert.strictEqual(got.packet.properties.subscriptionIdentifier, 321);
    assert.strictEqual(got.packet.properties.responseTopic, "js/answer");
    assert.deepStrictEqual(got.packet.properties.correlationData, Buffer.from([0, 255]));
  }
  await client.endAsync();
});

test("5.0: shared subscription", async () => {
  const five = VERSIONS[2];
  const members = await Promise.all([connect(five), connect(five)]);
  for (const member of members) await member.subscribeAsync("$share/js/js/shared", { qos: 1 });
  const publisher = await connect(five);
  for (let number = 0; number < 20; number += 1) await publisher.publishAsync("js/shared", String(number), { qos: 1 });
  const got = [];
  for (const member of members) for (let number = 0; number < 10; number += 1) got.push(Number((await message(member)).payload));
  assert.deepStrictEqual(
    got.sort((a, b) => a - b),
    [...Array(20).keys()],
  );
  await Promise.all([...members, publisher].map((client) => client.endAsync()));
});
