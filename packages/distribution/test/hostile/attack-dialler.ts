import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import type { Random, Scope } from '@tiebeam/testing'
import { DistributionError } from '../../src/errors.ts'
import { digest } from '../../src/handshake/digest.ts'
import { decodeReply, encodeAck } from '../../src/handshake/packets.ts'
import { renamed } from './attack-acceptor.ts'
import { FakePeer, framed } from './fake-peer.ts'
import type { LiveNode } from './live-node.ts'
import { mutate } from './mutation.ts'
import { type Recording, recordedNode } from './recordings.ts'

/** A node to be dialled that answers as an OTP node does, but for one part of it. */
export class TreacherousPeer {
  readonly #live: LiveNode
  readonly #name: string
  readonly #status: Buffer
  readonly #challenge: Buffer
  readonly #recording: Recording
  readonly #donors: readonly Buffer[]
  #random: Random | undefined
  /** Of the connections since the attack began: whether the node sent its name. */
  #answers: Promise<boolean>[] = []

  private constructor(live: LiveNode, worker: number, recording: Recording) {
    this.#live = live
    const host = `127.250.${101 + worker}.1`
    const [status, challenge] = recording.asAcceptor.map((frame) => withHost(renamed(frame, worker), host))
    this.#status = status as Buffer
    this.#challenge = challenge as Buffer
    this.#name = this.#challenge.toString('latin1', 19)
    this.#recording = recording
    this.#donors = [...recording.asAcceptor, ...recording.asDialler]
  }

  static async start(scope: Scope, live: LiveNode, worker: number, recording: Recording): Promise<TreacherousPeer> {
    const peer = new TreacherousPeer(live, worker, recording)
    const server: Server = createServer((socket) => {
      peer.#answers.push(peer.#answer(new FakePeer(socket)))
    })
    server.listen(live.port, peer.#name.split('@')[1])
    scope.after(() => server.close())
    await once(server, 'listening')
    return peer
  }

  /** Has the node dial it once. The node must come out of it connected, or with an error of its own. */
  async attack(random: Random): Promise<void> {
    this.#random = random
    this.#answers = []
    try {
      await this.#live.node.connect(this.#name)
    } catch (error) {
      assert.ok(error instanceof DistributionError, `not an error of this package: ${error}`)
    }
    // On a slow machine the node dials again before it notices that it is connected, and drops that second connection at once.
    assert.ok((await Promise.all(this.#answers)).includes(true), 'the node dialled and sent no name')
    await this.#live.node.disconnect(this.#name)
  }

  async #answer(peer: FakePeer): Promise<boolean> {
    const random = this.#random as Random
    const init = { lengthBytes: 2, donors: this.#donors } as const
    if ((await peer.receive()) === undefined) return false
    if (random.chance(0.5)) {
      await peer.finish(mutate(random, [this.#status, this.#challenge], init).bytes)
      return true
    }
    peer.send(this.#status)
    peer.send(this.#challenge)
    const reply = await peer.receive()
    assert.ok(reply, 'the node did not reply to a sound challenge')
    const proof = encodeAck(digest(recordedNode.cookie, decodeReply(reply).challenge))
    const more = random.chance(0.3) ? framed([random.pick(this.#recording.onLink)], 4) : Buffer.alloc(0)
    await peer.finish(Buffer.concat([mutate(random, [proof], init).bytes, more]))
    return true
  }
}

/** A challenge packet with the name's host replaced, and the length of the name set right. */
function withHost(packet: Buffer, host: string): Buffer {
  const at = packet.indexOf('@')
  if (at < 0) return packet
  const changed = Buffer.concat([packet.subarray(0, at + 1), Buffer.from(host)])
  changed.writeUInt16BE(changed.length - 19, 17)
  return changed
}
