/**
 * One Tiebeam node of the distribution benchmark: node tiebeam-node.mjs <name> <cookie> <EPMD port>
 *
 * It takes the same commands and sends the same messages as otp_node.erl, so that either can be the other's peer.
 */
import { randomBytes } from 'node:crypto'
import readline from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { atom, Node, tuple } from '@tiebeam/distribution'

/** @import { Pid, Process } from '@tiebeam/distribution' */

const [name = '', cookie = '', epmdPort = ''] = process.argv.slice(2)
const node = await Node.start({ name, cookie, epmd: { port: Number(epmdPort) } })

// The receiving side. Each stream of messages has a process of its own, whose mailbox holds nothing else.

node.spawn(
  async (self) => {
    for await (const { elements } of self) {
      const [, from, kind, count] = elements
      self.spawn((stream) => receiveStream(stream, from, kind.name, count))
    }
  },
  { name: 'sink' },
)

/** @type {(self: Process, from: Pid, kind: string, count: number) => Promise<void>} */
async function receiveStream(self, from, kind, count) {
  self.send(from, tuple(atom('opened'), self.pid))
  const read = kind === 'bytes' ? middle : idOf
  let sum = 0
  for (let received = 0; received < count; ) {
    const messages = await self.receiveAll()
    for (const message of messages) sum += read(message)
    received += messages.length
  }
  self.send(from, tuple(atom('received'), sum))
}

node.spawn(
  async (self) => {
    for await (const { elements } of self) {
      const [, from, number] = elements
      self.send(from, tuple(atom('pong'), number))
    }
  },
  { name: 'echo' },
)

// The sending side.

/** @type {(peer: string, payload: string, count: number, onBegin?: () => void) => Promise<number>} */
function oneway(peer, payload, count, onBegin = () => {}) {
  return inProcess(async (self) => {
    const { kind, messages, values } = makePool(payload)
    self.send({ name: 'sink', node: peer }, tuple(atom('open'), self.pid, atom(kind), count))
    const [, sink] = (await self.receive()).elements
    onBegin()
    const begin = process.hrtime.bigint()
    for (let index = 0; index < count; index++) {
      const message = messages[index % messages.length]
      // A full output queue is for us what a busy port is for an Erlang process: it waits, and sends again.
      while (!sent(self, sink, message)) await node.drained(peer)
    }
    const [, sum] = (await self.receive()).elements
    const elapsed = Number(process.hrtime.bigint() - begin)
    if (sum !== expectedSum(values, count)) throw new Error(`${peer} received other messages than were sent`)
    return elapsed
  })
}

/** @type {(self: Process, to: Pid | { name: string, node: string }, message: unknown) => boolean} */
function sent(self, to, message) {
  try {
    self.send(to, message)
    return true
  } catch (error) {
    if (error.code === 'OUTPUT_FULL') return false
    throw error
  }
}

/** @type {(peer: string, count: number, inflight: number) => Promise<number>} */
async function roundTrips(peer, count, inflight) {
  const begin = process.hrtime.bigint()
  const each = Math.floor(count / inflight)
  const processes = Array.from({ length: inflight }, () =>
    inProcess(async (self) => {
      for (let number = each; number > 0; number--) await roundTrip(self, peer, number)
    }),
  )
  await Promise.all(processes)
  return Number(process.hrtime.bigint() - begin)
}

/** @type {(self: Process, peer: string, number: number) => Promise<void>} */
async function roundTrip(self, peer, number) {
  const ping = tuple(atom('ping'), self.pid, number)
  while (!sent(self, { name: 'echo', node: peer }, ping)) await node.drained(peer)
  const [, echoed] = (await self.receive()).elements
  if (echoed !== number) throw new Error(`sent ${number}, ${peer} answered ${echoed}`)
}

/** @type {(peer: string, payload: string, count: number) => Promise<{ elapsedNs: number, roundTripsNs: number[] }>} */
async function loaded(peer, payload, count) {
  let streaming = true
  const ping = () =>
    inProcess(async (self) => {
      const samples = []
      for (let number = 1; streaming; number++) {
        const begin = process.hrtime.bigint()
        await roundTrip(self, peer, number)
        samples.push(Number(process.hrtime.bigint() - begin))
        await sleep(1)
      }
      return samples
    })
  let pinging
  const elapsedNs = await oneway(peer, payload, count, () => {
    pinging = ping()
  })
  streaming = false
  return { elapsedNs, roundTripsNs: await pinging }
}

// The messages: made before the clock starts, all different.

function makePool(payload) {
  const [kind, length] = payload.split(':')
  const bytes = Number(length)
  switch (kind) {
    case 'map':
    case 'atom-map': {
      const messages = Array.from({ length: 1024 }, (_, index) => smallMap(index + 1))
      return { kind: 'map', messages, values: messages.map(idOf) }
    }
    case 'text': {
      const messages = Array.from({ length: 1024 }, () => {
        return Buffer.from(randomBytes(bytes).map((byte) => 97 + (byte % 26))).toString('latin1')
      })
      return { kind: 'bytes', messages, values: messages.map(middle) }
    }
    case 'bytes': {
      const messages = Array.from({ length: Math.max(2, Math.min(1024, Math.floor(0x1000000 / bytes))) }, () => {
        const message = new Uint8Array(randomBytes(bytes))
        message[0] = 255
        return message
      })
      return { kind: 'bytes', messages, values: messages.map(middle) }
    }
    default:
      throw new Error(`unknown payload ${payload}`)
  }
}

function smallMap(index) {
  return {
    id: index,
    name: `sensor-${index}`,
    value: index / 7,
    active: index % 3 === 0,
    tags: ['roof', 'north'],
    count: index * 1000,
  }
}

/** @param {any} message a plain object from a Tiebeam node, and from an OTP node with binary keys */
function idOf(message) {
  return message.id
}

/** @param {any} message bytes or text */
function middle(message) {
  return typeof message === 'string' ? message.charCodeAt(message.length >> 1) : message[message.length >> 1]
}

function expectedSum(values, count) {
  let sum = 0
  for (let index = 0; index < count; index++) sum += values[index % values.length]
  return sum
}

/** @type {<T>(run: (self: Process) => Promise<T>) => Promise<T>} */
function inProcess(run) {
  return new Promise((resolve, reject) => {
    node.spawn((self) => run(self).then(resolve, reject))
  })
}

// Commands.

const answer = (value) => process.stdout.write(`${JSON.stringify(value)}\n`)
answer({ name: node.name, release: process.version })
for await (const line of readline.createInterface({ input: process.stdin })) {
  const [command, peer = '', ...args] = line.split(' ')
  if (command === 'oneway') answer({ elapsedNs: await oneway(peer, args[0], Number(args[1])) })
  else if (command === 'roundtrip') answer({ elapsedNs: await roundTrips(peer, Number(args[0]), Number(args[1])) })
  else if (command === 'loaded') answer(await loaded(peer, args[0], Number(args[1])))
  else break
}
await node.stop()
