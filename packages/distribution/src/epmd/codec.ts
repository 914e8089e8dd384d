import { DistributionError } from '../errors.ts'

/**
 * The protocol of the Erlang Port Mapper Daemon: "EPMD Protocol" in OTP's Distribution Protocol guide, and `epmd_srv.c`.
 * Requests have a 2-byte length, which is left to the frame layer; answers have none.
 */

/** Where every EPMD listens, unless ERL_EPMD_PORT or an option says otherwise. */
export const EPMD_PORT = 4369
/** No request of a node comes near this: a name has at most 255 bytes, and the extra field is empty in practice. */
export const EPMD_REQUEST_BYTES_MAX = 2048
/** Version 6, that of OTP 23 and later, is the only one that Tiebeam speaks. */
export const DISTRIBUTION_VERSION = 6

const ALIVE2_REQUEST = 120
const ALIVE2_RESPONSE = 121
const ALIVE2_X_RESPONSE = 118
const PORT_PLEASE2_REQUEST = 122
const PORT2_RESPONSE = 119
const NAMES_REQUEST = 110

const NODE_TYPE_HIDDEN = 72
const NODE_TYPE_NORMAL = 77
const PROTOCOL_TCP = 0

/** What EPMD knows of a node. */
export interface EpmdNode {
  /** What stands before the `@`. */
  readonly name: string
  readonly port: number
  /** 77: a normal node; 72: a hidden one, such as a C node. Nothing depends on it. */
  readonly nodeType: number
  readonly protocol: number
  readonly highestVersion: number
  readonly lowestVersion: number
  readonly extra: Buffer
}

export type EpmdRequest =
  | { readonly type: 'alive'; readonly node: EpmdNode }
  | { readonly type: 'portPlease'; readonly name: string }
  | { readonly type: 'names' }
  /** Dump, kill, stop, and whatever else: not served. */
  | { readonly type: 'refused'; readonly tag: number }

export interface AliveResponse {
  /** 0: registered. */
  readonly result: number
  readonly creation: number
}

/** A node that speaks version 6 over TCP. `hidden` makes no difference to EPMD; erl registers all its nodes as normal. */
export function epmdNode(name: string, port: number, hidden = false): EpmdNode {
  return {
    name,
    port,
    nodeType: hidden ? NODE_TYPE_HIDDEN : NODE_TYPE_NORMAL,
    protocol: PROTOCOL_TCP,
    highestVersion: DISTRIBUTION_VERSION,
    lowestVersion: DISTRIBUTION_VERSION,
    extra: Buffer.alloc(0),
  }
}

export function encodeAliveRequest(node: EpmdNode): Buffer {
  return withLength(Buffer.concat([Buffer.of(ALIVE2_REQUEST), encodeNode(node)]))
}

export function encodePortPleaseRequest(name: string): Buffer {
  return withLength(Buffer.concat([Buffer.of(PORT_PLEASE2_REQUEST), Buffer.from(name, 'utf8')]))
}

export function encodeNamesRequest(): Buffer {
  return withLength(Buffer.of(NAMES_REQUEST))
}

/**
 * Reads one request, without its length.
 * @throws DistributionError `EPMD_PROTOCOL` when it is cut short
 */
export function decodeRequest(bytes: Buffer): EpmdRequest {
  const tag = bytes[0]
  switch (tag) {
    case ALIVE2_REQUEST: {
      const node = decodeNode(bytes, 1)
      if (node === undefined) throw malformed('a registration that ends too early')
      return { type: 'alive', node }
    }
    case PORT_PLEASE2_REQUEST:
      return { type: 'portPlease', name: bytes.toString('utf8', 1) }
    case NAMES_REQUEST:
      return { type: 'names' }
    case undefined:
      throw malformed('an empty request')
    default:
      return { type: 'refused', tag }
  }
}

/** The answer to a registration: with 32 bits of creation for a node that speaks version 6, else with 16. */
export function encodeAliveResponse(response: AliveResponse, extended: boolean): Buffer {
  const bytes = Buffer.alloc(extended ? 6 : 4)
  bytes[0] = extended ? ALIVE2_X_RESPONSE : ALIVE2_RESPONSE
  bytes[1] = response.result
  if (extended) bytes.writeUInt32BE(response.creation, 2)
  else bytes.writeUInt16BE(response.creation & 0xffff, 2)
  return bytes
}

/** `undefined`: more bytes are needed. */
export function decodeAliveResponse(bytes: Buffer): AliveResponse | undefined {
  switch (bytes[0]) {
    case undefined:
      return undefined
    case ALIVE2_X_RESPONSE:
      return bytes.length < 6 ? undefined : { result: bytes[1] as number, creation: bytes.readUInt32BE(2) }
    case ALIVE2_RESPONSE:
      return bytes.length < 4 ? undefined : { result: bytes[1] as number, creation: bytes.readUInt16BE(2) }
    default:
      throw malformed(`tag ${bytes[0]} in answer to a registration`)
  }
}

/** The answer to a lookup; without a node: it is not registered. */
export function encodePortResponse(node: EpmdNode | undefined): Buffer {
  if (node === undefined) return Buffer.of(PORT2_RESPONSE, 1)
  return Buffer.concat([Buffer.of(PORT2_RESPONSE, 0), encodeNode(node)])
}

/** `undefined`: more bytes are needed. `'unknown'`: that EPMD has no such node. */
export function decodePortResponse(bytes: Buffer): EpmdNode | 'unknown' | undefined {
  if (bytes.length === 0) return undefined
  if (bytes[0] !== PORT2_RESPONSE) throw malformed(`tag ${bytes[0]} in answer to a lookup`)
  if (bytes.length === 1) return undefined
  return bytes[1] === 0 ? decodeNode(bytes, 2) : 'unknown'
}

/** The answer to a request for all names, in the words of epmd, which `epmd -names` and `net_adm:names/0` parse. */
export function encodeNamesResponse(epmdPort: number, nodes: Iterable<EpmdNode>): Buffer {
  let text = ''
  for (const node of nodes) text += `name ${node.name} at port ${node.port}\n`
  const port = Buffer.alloc(4)
  port.writeUInt32BE(epmdPort)
  return Buffer.concat([port, Buffer.from(text, 'utf8')])
}

/** Reads all that came until EPMD closed the connection. */
export function decodeNamesResponse(bytes: Buffer): { name: string; port: number }[] {
  if (bytes.length < 4) throw malformed('an answer without its port')
  const names: { name: string; port: number }[] = []
  for (const line of bytes.toString('utf8', 4).split('\n')) {
    const match = /^name (\S+) at port (\d+)$/.exec(line)
    if (match !== null) names.push({ name: match[1] as string, port: Number(match[2]) })
  }
  return names
}

function encodeNode(node: EpmdNode): Buffer {
  const name = Buffer.from(node.name, 'utf8')
  const bytes = Buffer.alloc(12 + name.length + node.extra.length)
  bytes.writeUInt16BE(node.port, 0)
  bytes[2] = node.nodeType
  bytes[3] = node.protocol
  bytes.writeUInt16BE(node.highestVersion, 4)
  bytes.writeUInt16BE(node.lowestVersion, 6)
  bytes.writeUInt16BE(name.length, 8)
  name.copy(bytes, 10)
  bytes.writeUInt16BE(node.extra.length, 10 + name.length)
  node.extra.copy(bytes, 12 + name.length)
  return bytes
}

function decodeNode(bytes: Buffer, at: number): EpmdNode | undefined {
  if (bytes.length < at + 10) return undefined
  const nameEnd = at + 10 + bytes.readUInt16BE(at + 8)
  if (bytes.length < nameEnd + 2) return undefined
  const extraEnd = nameEnd + 2 + bytes.readUInt16BE(nameEnd)
  if (bytes.length < extraEnd) return undefined
  return {
    name: bytes.toString('utf8', at + 10, nameEnd),
    port: bytes.readUInt16BE(at),
    nodeType: bytes[at + 2] as number,
    protocol: bytes[at + 3] as number,
    highestVersion: bytes.readUInt16BE(at + 4),
    lowestVersion: bytes.readUInt16BE(at + 6),
    extra: Buffer.from(bytes.subarray(nameEnd + 2, extraEnd)),
  }
}

function withLength(body: Buffer): Buffer {
  const bytes = Buffer.alloc(2 + body.length)
  bytes.writeUInt16BE(body.length)
  body.copy(bytes, 2)
  return bytes
}

function malformed(what: string): DistributionError {
  return new DistributionError(
    'EPMD_PROTOCOL',
    `The other side of an EPMD connection sent ${what}. Does something else use that port?`,
  )
}
