import { DistributionError } from '../errors.ts'

/**
 * The packets of handshake version 6, without their length: "Distribution Handshake" in OTP's Distribution Protocol guide and
 * `dist_util.erl` of OTP 25. Decoders ignore trailing bytes, as the guide asks, so that a later version may add fields.
 */

/** No packet of a handshake comes near this; a longer one is not a handshake. */
export const HANDSHAKE_FRAME_BYTES_MAX = 4096

const DIGEST_BYTES = 16

const TAG_NAME = 0x4e // 'N'
const TAG_OLD_NAME = 0x6e // 'n'
const TAG_STATUS = 0x73 // 's'
const TAG_COMPLEMENT = 0x63 // 'c'
const TAG_REPLY = 0x72 // 'r'
const TAG_ACK = 0x61 // 'a'
/** Distribution version in an old-style name packet. */
const OLD_VERSION = 5

export interface NamePacket {
  readonly flags: bigint
  readonly creation: number
  readonly name: string
  /** Sent as `n`: 32 flags and no creation, which follow in a complement. */
  readonly old: boolean
}

export interface ChallengePacket {
  readonly flags: bigint
  readonly challenge: number
  readonly creation: number
  readonly name: string
}

export interface ReplyPacket {
  readonly challenge: number
  readonly digest: Buffer
}

export interface ComplementPacket {
  readonly flagsHigh: number
  readonly creation: number
}

export function encodeName(packet: Omit<NamePacket, 'old'>): Buffer {
  const name = Buffer.from(packet.name, 'latin1')
  const bytes = Buffer.alloc(15 + name.length)
  bytes[0] = TAG_NAME
  bytes.writeBigUInt64BE(packet.flags, 1)
  bytes.writeUInt32BE(packet.creation, 9)
  bytes.writeUInt16BE(name.length, 13)
  name.copy(bytes, 15)
  return bytes
}

/** What a node of OTP 23 or 24 sends when it could not learn from EPMD that the peer speaks version 6. */
export function encodeOldName(packet: { readonly flags: bigint; readonly name: string }): Buffer {
  const name = Buffer.from(packet.name, 'latin1')
  const bytes = Buffer.alloc(7 + name.length)
  bytes[0] = TAG_OLD_NAME
  bytes.writeUInt16BE(OLD_VERSION, 1)
  bytes.writeUInt32BE(Number(packet.flags & 0xffffffffn), 3)
  name.copy(bytes, 7)
  return bytes
}

export function decodeName(bytes: Buffer): NamePacket {
  if (bytes[0] === TAG_OLD_NAME) {
    atLeast(bytes, 7, 'name')
    const flags = BigInt(bytes.readUInt32BE(3))
    return { flags, creation: 0, name: bytes.toString('latin1', 7), old: true }
  }
  expectTag(bytes, TAG_NAME, 'name')
  atLeast(bytes, 15, 'name')
  const nameEnd = 15 + bytes.readUInt16BE(13)
  atLeast(bytes, nameEnd, 'name')
  return {
    flags: bytes.readBigUInt64BE(1),
    creation: bytes.readUInt32BE(9),
    name: bytes.toString('latin1', 15, nameEnd),
    old: false,
  }
}

/** `ok`, `ok_simultaneous`, `nok`, `not_allowed`, `alive`, and the answers to the latter, `true` and `false`. */
export function encodeStatus(status: string): Buffer {
  return Buffer.from(`s${status}`, 'latin1')
}

/** The status that gives a name to a peer that asked for one. */
export function encodeNamedStatus(given: { readonly name: string; readonly creation: number }): Buffer {
  const name = Buffer.from(given.name, 'utf8')
  const prefix = encodeStatus('named:')
  const bytes = Buffer.alloc(prefix.length + 2 + name.length + 4)
  prefix.copy(bytes)
  bytes.writeUInt16BE(name.length, prefix.length)
  name.copy(bytes, prefix.length + 2)
  bytes.writeUInt32BE(given.creation, prefix.length + 2 + name.length)
  return bytes
}

/** The text of a status; what follows `named:` is left out, because a Tiebeam node never asks for a name. */
export function decodeStatus(bytes: Buffer): string {
  expectTag(bytes, TAG_STATUS, 'status')
  const status = bytes.toString('latin1', 1, Math.min(bytes.length, 33))
  return status.startsWith('named:') ? 'named:' : status
}

export function encodeChallenge(packet: ChallengePacket): Buffer {
  const name = Buffer.from(packet.name, 'latin1')
  const bytes = Buffer.alloc(19 + name.length)
  bytes[0] = TAG_NAME
  bytes.writeBigUInt64BE(packet.flags, 1)
  bytes.writeUInt32BE(packet.challenge, 9)
  bytes.writeUInt32BE(packet.creation, 13)
  bytes.writeUInt16BE(name.length, 17)
  name.copy(bytes, 19)
  return bytes
}

export function decodeChallenge(bytes: Buffer): ChallengePacket {
  if (bytes[0] === TAG_OLD_NAME) {
    throw new DistributionError(
      'PEER_FLAGS_MISSING',
      'The peer answered with a handshake older than version 6, as OTP 22 and earlier do. Run it on OTP 24 or later.',
    )
  }
  expectTag(bytes, TAG_NAME, 'challenge')
  atLeast(bytes, 19, 'challenge')
  const nameEnd = 19 + bytes.readUInt16BE(17)
  atLeast(bytes, nameEnd, 'challenge')
  return {
    flags: bytes.readBigUInt64BE(1),
    challenge: bytes.readUInt32BE(9),
    creation: bytes.readUInt32BE(13),
    name: bytes.toString('latin1', 19, nameEnd),
  }
}

export function encodeComplement(packet: ComplementPacket): Buffer {
  const bytes = Buffer.alloc(9)
  bytes[0] = TAG_COMPLEMENT
  bytes.writeUInt32BE(packet.flagsHigh, 1)
  bytes.writeUInt32BE(packet.creation, 5)
  return bytes
}

export function decodeComplement(bytes: Buffer): ComplementPacket {
  expectTag(bytes, TAG_COMPLEMENT, 'complement')
  atLeast(bytes, 9, 'complement')
  return { flagsHigh: bytes.readUInt32BE(1), creation: bytes.readUInt32BE(5) }
}

export function encodeReply(packet: ReplyPacket): Buffer {
  const bytes = Buffer.alloc(5 + DIGEST_BYTES)
  bytes[0] = TAG_REPLY
  bytes.writeUInt32BE(packet.challenge, 1)
  packet.digest.copy(bytes, 5)
  return bytes
}

export function decodeReply(bytes: Buffer): ReplyPacket {
  expectTag(bytes, TAG_REPLY, 'challenge reply')
  atLeast(bytes, 5 + DIGEST_BYTES, 'challenge reply')
  return { challenge: bytes.readUInt32BE(1), digest: bytes.subarray(5, 5 + DIGEST_BYTES) }
}

export function encodeAck(digest: Buffer): Buffer {
  return Buffer.concat([Buffer.of(TAG_ACK), digest])
}

export function decodeAck(bytes: Buffer): Buffer {
  expectTag(bytes, TAG_ACK, 'challenge acknowledgement')
  atLeast(bytes, 1 + DIGEST_BYTES, 'challenge acknowledgement')
  return bytes.subarray(1, 1 + DIGEST_BYTES)
}

function expectTag(bytes: Buffer, tag: number, what: string): void {
  if (bytes[0] === tag) return
  const found = bytes.length === 0 ? 'an empty packet' : `a packet with tag ${bytes[0]}`
  throw new DistributionError(
    'HANDSHAKE_UNEXPECTED',
    `The peer sent ${found} where its ${what} packet (tag ${tag}, '${String.fromCharCode(tag)}') was due. ` +
      'Does that port belong to an Erlang or Tiebeam node, and do both sides agree on TLS?',
  )
}

function atLeast(bytes: Buffer, bytesMin: number, what: string): void {
  if (bytes.length >= bytesMin) return
  throw new DistributionError(
    'HANDSHAKE_MALFORMED',
    `The peer's ${what} packet ends after ${bytes.length} bytes, at least ${bytesMin} were due.`,
  )
}
