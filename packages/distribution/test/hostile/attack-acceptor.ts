import { connect } from 'node:net'
import type { Random } from '@tiebeam/testing'
import { digest } from '../../src/handshake/digest.ts'
import { decodeChallenge, encodeReply } from '../../src/handshake/packets.ts'
import { FakePeer, framed } from './fake-peer.ts'
import { mutate } from './mutation.ts'
import { type Recording, recordedNode } from './recordings.ts'

export interface Target {
  readonly host: string
  readonly port: number
}

/** Dials a node and sends what an OTP node sends, but for one part of it. Resolves when the node has closed the connection. */
export async function attackAcceptor(
  random: Random,
  target: Target,
  worker: number,
  recording: Recording,
): Promise<void> {
  // Each source address has its own range of ports, so that those in TIME_WAIT are no obstacle.
  const localAddress = `127.250.${1 + worker}.${1 + random.integer(250)}`
  const peer = new FakePeer(connect({ host: target.host, port: target.port, localAddress }))
  const donors = [...recording.asDialler, ...recording.asAcceptor]
  const [name, reply] = recording.asDialler.map((frame) => renamed(frame, worker)) as [Buffer, Buffer]
  if (random.chance(0.5)) {
    await peer.finish(mutate(random, [name, reply], { lengthBytes: 2, donors }).bytes)
    return
  }
  peer.send(name)
  const answer = decodeChallenge(await challengeFrom(peer))
  const proof = encodeReply({ challenge: random.uint32(), digest: digest(recordedNode.cookie, answer.challenge) })
  const mutated = mutate(random, [proof], { lengthBytes: 2, donors }).bytes
  // Whatever the node makes of the proof, the beginning of a link's traffic may follow at once.
  const more = random.chance(0.3) ? framed([random.pick(recording.onLink)], 4) : Buffer.alloc(0)
  await peer.finish(Buffer.concat([mutated, more]))
}

async function challengeFrom(peer: FakePeer): Promise<Buffer> {
  const status = (await peer.receive())?.toString('latin1')
  // An earlier connection under this name may still be on its way out.
  if (status === 'salive') peer.send(Buffer.from('strue'))
  else if (status !== 'sok') throw new Error(`the node answered a sound name packet with the status ${status}`)
  const challenge = await peer.receive()
  if (challenge === undefined) throw new Error('the node closed the connection instead of sending a challenge')
  return challenge
}

/** The recorded peer's name with letters of the same number for each worker: they dial at the same time. */
export function renamed(frame: Buffer, worker: number): Buffer {
  const copy = Buffer.from(frame)
  const at = frame.indexOf('otp@')
  if (at >= 0) copy.write(`w${String.fromCharCode(97 + (worker >> 4), 97 + (worker & 15))}`, at, 'latin1')
  return copy
}
