import { createCipheriv, createDecipheriv, createHash } from 'node:crypto'
import { isNodeName } from '@tiebeam/distribution'
import { Atom, atom, decode, encode } from '@tiebeam/etf'

/** What a datagram says: a node's name, or why it says nothing to us. */
export type GossipReading =
  | { readonly type: 'heartbeat'; readonly name: string }
  /** Not encrypted as ours are, or no heartbeat at all. */
  | { readonly type: 'foreign' }
  /** A heartbeat without a node's name. */
  | { readonly type: 'malformed' }

const PRELUDE = Buffer.from('heartbeat::')
const CIPHER = 'aes-256-cbc'
export const INITIAL_VECTOR_BYTES = 16
/** A name has 255 characters at most, in Latin-1 or UTF-8, so no heartbeat is larger. */
const PACKET_BYTES_MAX = 1200

/** The key that a secret stands for. */
export function gossipKey(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

/**
 * A heartbeat as libcluster 3.5 sends it: `heartbeat::` and the term `%{node: name}`.
 * https://github.com/bitwalker/libcluster/blob/3.5.0/lib/strategy/gossip.ex
 */
export function writeHeartbeat(name: string): Buffer {
  return Buffer.concat([PRELUDE, encode(new Map([[atom('node'), atom(name)]]))])
}

/** An encrypted heartbeat: the initial vector, then AES-256-CBC with PKCS #7 padding. */
export function encryptHeartbeat(heartbeat: Uint8Array, key: Uint8Array, initialVector: Uint8Array): Buffer {
  const cipher = createCipheriv(CIPHER, key, initialVector)
  return Buffer.concat([initialVector, cipher.update(heartbeat), cipher.final()])
}

/** @param key undefined when heartbeats are not encrypted */
export function readPacket(packet: Buffer, key: Uint8Array | undefined): GossipReading {
  if (packet.length > PACKET_BYTES_MAX) return { type: 'foreign' }
  const heartbeat = key === undefined ? packet : decrypted(packet, key)
  if (heartbeat === undefined || !heartbeat.subarray(0, PRELUDE.length).equals(PRELUDE)) return { type: 'foreign' }
  const name = nameIn(heartbeat.subarray(PRELUDE.length))
  return name === undefined ? { type: 'malformed' } : { type: 'heartbeat', name }
}

function decrypted(packet: Buffer, key: Uint8Array): Buffer | undefined {
  if (packet.length <= INITIAL_VECTOR_BYTES) return undefined
  try {
    const decipher = createDecipheriv(CIPHER, key, packet.subarray(0, INITIAL_VECTOR_BYTES))
    return Buffer.concat([decipher.update(packet.subarray(INITIAL_VECTOR_BYTES)), decipher.final()])
  } catch {
    // Another secret: its padding is wrong, or its length.
    return undefined
  }
}

function nameIn(term: Buffer): string | undefined {
  try {
    const value = decode(term, { atomKeys: 'strings', depthMax: 8, inflatedBytesMax: PACKET_BYTES_MAX })
    const node = typeof value === 'object' && value !== null && 'node' in value ? value.node : undefined
    if (!(node instanceof Atom)) return undefined
    const { name } = node
    return isNodeName(name) || isNodeName(name, { shortNames: true }) ? name : undefined
  } catch {
    return undefined
  }
}
