import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Pid } from '@tiebeam/etf'
import type { Random } from '@tiebeam/testing'
import { Dialler } from '../../src/handshake/dialler.ts'
import { renamed } from './attack-acceptor.ts'
import { FakePeer, framed } from './fake-peer.ts'
import type { LiveNode } from './live-node.ts'
import { mutate } from './mutation.ts'
import { type Recording, recordedNode, recordedPeer, renumbered } from './recordings.ts'

const { name, creation, cookie, sturdyId, frailId } = recordedNode
/** Numbers of questions have four bytes that occur in nothing else. */
const firstQuestion = 0x51000000

/** A peer that knows the cookie, and sends what an OTP node sent once, changed. */
export class LinkAttacker {
  /** Times that the node closed the link because of what it was sent. */
  closures = 0
  readonly #live: LiveNode
  readonly #name: string
  readonly #recorded: readonly Buffer[]
  readonly #sturdy: Pid
  #peer: FakePeer | undefined
  #frames: Buffer[] = []
  #caching: Buffer = Buffer.alloc(0)
  #frailLives = false

  constructor(live: LiveNode, worker: number, recording: Recording) {
    this.#live = live
    this.#name = renamed(Buffer.from(recordedPeer), worker).toString()
    this.#recorded = recording.onLink.map((frame) => renamed(frame, worker))
    this.#sturdy = live.node.spawn(consume, { trapExit: true })
    if (live.node.whereis('registered') === undefined) live.node.register('registered', this.#sturdy)
  }

  /** One case: some frames, and then a question that shows that the node has taken them all and still answers. */
  async attack(random: Random, number: number): Promise<void> {
    const peer = this.#peer ?? (await this.#establish())
    const at = random.integer(this.#frames.length)
    const chosen = this.#frames.slice(at, at + random.pick([1, 1, 1, 2, 4]))
    const { bytes, framesIntact } = mutate(random, chosen, { lengthBytes: 4, donors: this.#frames })
    if (framesIntact) {
      peer.socket.write(bytes)
      if (await this.#answers(peer, firstQuestion + number)) return
    } else {
      // The node may wait for the rest of a frame: it learns that there is none.
      await peer.finish(bytes)
    }
    this.closures += 1
    this.#peer = undefined
  }

  async stop(): Promise<void> {
    await this.#peer?.reset()
  }

  async #answers(peer: FakePeer, number: number): Promise<boolean> {
    const expected = Buffer.from([98, 0, 0, 0, 0])
    expected.writeUInt32BE(number, 1)
    peer.send(ping(this.#name, number))
    for (;;) {
      const frame = await peer.receive()
      if (frame === undefined) return false
      if (frame.includes(expected)) return true
    }
  }

  /** Puts the pids of processes that live into the frames. */
  #aimAtProcesses(): void {
    this.#frailLives = true
    const frail = this.#live.node.spawn((self) => consume(self).finally(() => (this.#frailLives = false)))
    const numbers = [
      [creation, frail.creation],
      [sturdyId, this.#sturdy.id],
      [frailId, frail.id],
    ] as const
    this.#frames = renumbered(this.#recorded, new Map(numbers))
    this.#caching = framed(this.#frames.filter(addsToAtomCache), 4)
  }

  async #establish(): Promise<FakePeer> {
    const { host, port } = this.#live
    if (!this.#frailLives) this.#aimAtProcesses()
    const peer = new FakePeer(connect({ host, port, localAddress: '127.250.0.2' }))
    await once(peer.socket, 'connect')
    const dialler = new Dialler({ name: this.#name, creation: 77, cookie, peerName: name, challenge: 3 })
    await peer.handshake(dialler, dialler.start())
    // What follows refers to atoms that were cached on the way.
    peer.socket.write(this.#caching)
    assert.ok(await this.#answers(peer, firstQuestion - 1), 'the node did not survive the traffic as it was recorded')
    this.#peer = peer
    return peer
  }
}

async function consume(self: AsyncIterable<unknown>): Promise<void> {
  for await (const message of self) void message
}

/** Whether the frame's header has an entry that is new, as the distribution header's flags tell: a half byte for each. */
function addsToAtomCache(frame: Buffer): boolean {
  const at = frame[1] === 68 ? 2 : 18
  const count = frame[1] === 70 ? 0 : (frame[at] as number)
  for (let index = 0; index < count; index += 1) {
    const flags = frame[at + 1 + (index >> 1)] as number
    if (((index % 2 === 0 ? flags : flags >> 4) & 8) !== 0) return true
  }
  return false
}

/** REG_SEND of {ping, From, Number} to echo. */
function ping(name: string, number: number): Buffer {
  const bytes = [131, 68, 0]
  const from = [88, 119, name.length, ...Buffer.from(name), 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 77]
  bytes.push(104, 4, 97, 6, ...from, 119, 0, 119, 4, ...Buffer.from('echo'))
  bytes.push(104, 3, 119, 4, ...Buffer.from('ping'), ...from, 98, number >>> 24, number >>> 16, number >>> 8, number)
  return Buffer.from(bytes)
}
