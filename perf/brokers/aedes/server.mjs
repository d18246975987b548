// Aedes on one port of the loopback interface, as its README starts it: node server.mjs PORT
import { createServer } from 'node:net'
import { Aedes } from 'aedes'

const port = Number(process.argv[2])
const broker = await Aedes.createBroker({
  // The default, 100, is for messages that aedes handles at once over all clients; waiting for a slot
  // is no loss, but the limit is for slow persistence, and there is none.
  concurrency: 10000,
  queueLimit: 1000000
})
const server = createServer({ noDelay: true }, broker.handle)
server.listen({ port, host: '127.0.0.1', backlog: 4096 })
