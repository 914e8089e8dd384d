/**
 * The node of the soak, in a process of its own (node --expose-gc): it does what its parent asks over IPC, and measures itself.
 */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { atom, type Pid, Tuple, tuple } from '@tiebeam/etf'
import { DistributionError } from '../../src/errors.ts'
import { Node } from '../../src/node.ts'
import type { Process } from '../../src/process/process.ts'

export type Command =
  | { readonly type: 'send'; readonly count: number }
  | { readonly type: 'connect' }
  | { readonly type: 'disconnect' }
  | { readonly type: 'ping' }
  | { readonly type: 'awaitConnections'; readonly count: number }
  | { readonly type: 'sample' }
  | { readonly type: 'stop' }

export interface Sample {
  readonly heapBytes: number
  readonly residentBytes: number
  /** What keeps the event loop alive, sorted. */
  readonly resources: readonly string[]
}

const [name = '', cookie = '', epmdPort = '', peer = ''] = process.argv.slice(2)
const collectGarbage = (globalThis as { gc?: () => void }).gc
assert.ok(collectGarbage, 'needs --expose-gc')
const node = await Node.start({ name, cookie, epmd: { port: Number(epmdPort) } })
node.spawn(countMessages, { name: 'sink' })

process.on('message', (command: Command) => {
  carryOut(command).then(
    (result) => process.send?.({ result }, () => command.type === 'stop' && process.disconnect()),
    (error) => process.send?.({ error: String(error?.stack ?? error) }),
  )
})
process.send?.({ result: 'ready' })

async function carryOut(command: Command): Promise<unknown> {
  switch (command.type) {
    case 'send':
      return inProcess((self) => sendMessages(self, command.count))
    case 'connect':
      return node.connect(peer)
    case 'disconnect':
      return node.disconnect(peer)
    case 'ping':
      return inProcess(async (self) => {
        self.send({ name: 'sink', node: peer }, tuple(atom('ping'), self.pid, 1))
        await self.receive()
      })
    case 'awaitConnections':
      while (node.nodes('connected').length !== command.count) await sleep(1)
      return undefined
    case 'sample':
      return sample()
    case 'stop':
      await node.stop()
      return undefined
  }
}

async function countMessages(self: Process): Promise<void> {
  let next = 1
  for await (const message of self) {
    assert.ok(message instanceof Tuple)
    const [kind, second] = message.elements
    if (kind === atom('message')) assert.equal(second, next++)
    else if (kind === atom('count')) {
      self.send(second as Pid, tuple(atom('counted'), next - 1))
      next = 1
    }
  }
}

/** Sends that many messages to the peer's sink, and gives the number that it has then received. */
async function sendMessages(self: Process, count: number): Promise<unknown> {
  const sink = { name: 'sink', node: peer }
  for (let number = 1; number <= count; number += 1) {
    const message = tuple(atom('message'), number, payload(self, number))
    while (!sent(self, sink, message)) await node.drained(peer)
  }
  while (!sent(self, sink, tuple(atom('count'), self.pid))) await node.drained(peer)
  const answer = (await self.receive()) as Tuple
  return answer.at(1)
}

function sent(self: Process, to: { name: string; node: string }, message: unknown): boolean {
  try {
    self.send(to, message)
    return true
  } catch (error) {
    if (error instanceof DistributionError && error.code === 'OUTPUT_FULL') return false
    throw error
  }
}

function payload(self: Process, number: number): unknown {
  if (number % 1000 === 3) return new Uint8Array(160_000).fill(number & 255)
  switch (number % 4) {
    case 0:
      return { id: number, name: String(number), list: [1, 2.5, 'three'] }
    case 1:
      return 'payload '.repeat(number % 97)
    case 2:
      return tuple(self.pid, [number, -number, number * 1.5])
    default:
      return number
  }
}

/** The first result of a process that runs this. */
function inProcess<T>(run: (self: Process) => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    node.spawn((self) => run(self).then(resolve, reject))
  })
}

async function sample(): Promise<Sample> {
  for (let round = 0; round < 4; round += 1) {
    // A turn in between lets finalizers run, whose objects go with the next collection.
    collectGarbage?.()
    await sleep(10)
  }
  const { heapUsed, rss } = process.memoryUsage()
  return { heapBytes: heapUsed, residentBytes: rss, resources: process.getActiveResourcesInfo().sort() }
}
