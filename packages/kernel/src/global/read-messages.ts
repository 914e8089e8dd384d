/**
 * What may arrive at `global_name_server`, read from terms. Source: "Messages in the protocol" at the head of OTP's `global`, and its
 * `handle_call`, `handle_cast` and `handle_info`. Whatever is not exactly of such a form is no message: OTP logs what it does not know and
 * drops it, and ends at what is malformed; here both are logged and dropped.
 */
import { Atom, type GenClient, genCallOf, genCastOf, Pid, Tuple } from '@tiebeam/distribution'
import type { ExternalName, KnownNode, LockId, NameOperation, NameRecord } from './vocabulary.ts'

export type Request =
  | { readonly type: 'register'; readonly record: NameRecord; readonly registrar: string | undefined }
  | { readonly type: 'unregister'; readonly name: unknown }
  | { readonly type: 'setLock' | 'deleteLock'; readonly lock: LockId }
  | { readonly type: 'sync'; readonly nodes: readonly string[] }
  | { readonly type: 'getKnown' | 'getSynced' | 'getProtocolVersion' | 'getExternalNames' | 'disconnect' }

export type Message =
  | { readonly type: 'call'; readonly client: GenClient; readonly request: Request }
  | {
      readonly type: 'initConnect'
      readonly node: string
      readonly version: number
      readonly theirTag: unknown
      readonly locker: Pid
    }
  | {
      readonly type: 'exchange'
      readonly node: string
      readonly names: readonly NameRecord[]
      readonly ourTag: unknown
    }
  | {
      readonly type: 'resolved'
      readonly node: string
      readonly operations: readonly NameOperation[]
      readonly known: readonly KnownNode[]
      readonly external: readonly ExternalName[]
      readonly ourTag: unknown
    }
  | {
      readonly type: 'newNodes'
      readonly node: string
      readonly operations: readonly NameOperation[]
      readonly external: readonly ExternalName[]
      readonly nodes: readonly KnownNode[]
      /** Of the global lock under which this was sent. */
      readonly requester: unknown
    }
  | { readonly type: 'inSync'; readonly node: string }
  | LockSet
  | { readonly type: 'whereis'; readonly name: unknown; readonly client: GenClient }
  | LostConnection
  | { readonly type: 'removeConnection'; readonly node: string }
  | { readonly type: 'cancelConnect'; readonly node: string; readonly ourTag: unknown }
  | { readonly type: 'initConnectAck'; readonly node: string; readonly ourTag: unknown; readonly theirTag: unknown }
  /** Sent by nodes of OTP R13 and older, and of no consequence since. */
  | { readonly type: 'obsolete' }

/** A locker tells another whether it has locked its side. The tag is missing between nodes of older versions. */
export interface LockSet {
  readonly type: 'lockSet'
  readonly locker: Pid
  readonly set: boolean
  readonly ourTag: unknown
}

/** `reporter` lost its connection to `lost`; its life and the number of the report tell reports apart. */
export interface LostConnection {
  readonly type: 'lostConnection'
  readonly reporter: string
  readonly life: unknown
  readonly number: number | bigint
  readonly lost: string
  /** As it came, to be passed on. */
  readonly term: Tuple
}

export function readMessage(term: unknown): Message | undefined {
  const call = genCallOf(term)
  if (call !== undefined) {
    const request = readRequest(call.request)
    return request && { type: 'call', client: call.client, request }
  }
  const cast = genCastOf(term)
  return cast === undefined ? readInfo(term) : readCast(cast.request)
}

function readRequest(term: unknown): Request | undefined {
  switch (formOf(term)) {
    case 'register/4': {
      const record = readRecord(at(term, 1), at(term, 2), at(term, 3))
      return record && { type: 'register', record, registrar: undefined }
    }
    case 'register_ext/5': {
      const record = readRecord(at(term, 1), at(term, 2), at(term, 3))
      const registrar = readNode(at(term, 4))
      return record && registrar !== undefined ? { type: 'register', record, registrar } : undefined
    }
    case 'unregister/2':
      return { type: 'unregister', name: at(term, 1) }
    case 'set_lock/2':
      return withLock('setLock', at(term, 1))
    case 'del_lock/2':
      return withLock('deleteLock', at(term, 1))
    case 'sync/2': {
      const nodes = readList(at(term, 1), readNode)
      return nodes && { type: 'sync', nodes }
    }
    case 'get_known':
      return { type: 'getKnown' }
    case 'get_synced':
      return { type: 'getSynced' }
    case 'get_protocol_version':
      return { type: 'getProtocolVersion' }
    case 'get_names_ext':
      return { type: 'getExternalNames' }
    case 'disconnect':
      return { type: 'disconnect' }
    default:
      return undefined
  }
}

function readCast(term: unknown): Message | undefined {
  switch (formOf(term)) {
    case 'init_connect/4':
      return readInitConnect(term)
    case 'exchange/5': {
      const node = readNode(at(term, 1))
      const names = readList(at(term, 2), readRecordTuple)
      if (node === undefined || !names) return undefined
      return { type: 'exchange', node, names, ourTag: at(term, 4) }
    }
    case 'resolved/7': {
      const node = readNode(at(term, 1))
      const operations = readList(at(term, 2), readOperation)
      const known = readList(at(term, 3), readKnownNode)
      const external = readList(at(term, 5), readExternalName)
      if (node === undefined || !operations || !known || !external) return undefined
      return { type: 'resolved', node, operations, known, external, ourTag: at(term, 6) }
    }
    case 'new_nodes/6': {
      const node = readNode(at(term, 1))
      const operations = readList(at(term, 2), readOperation)
      const external = readList(at(term, 3), readExternalName)
      const nodes = readList(at(term, 4), readKnownNode)
      if (node === undefined || !operations || !external || !nodes) return undefined
      return { type: 'newNodes', node, operations, external, nodes, requester: readRequester(at(term, 5)) }
    }
    case 'in_sync/3': {
      const node = readNode(at(term, 1))
      return node === undefined ? undefined : { type: 'inSync', node }
    }
    case 'lock_set/4':
    case 'lock_set/5':
      return readLockSet(term)
    case 'async_del_name/3':
    case 'async_del_lock/3':
      return { type: 'obsolete' }
    default:
      return undefined
  }
}

function readInfo(term: unknown): Message | undefined {
  const node = readNode(at(term, 1))
  switch (formOf(term)) {
    case 'whereis/3': {
      const [pid, tag] = [at(at(term, 2), 0), at(at(term, 2), 1)]
      return pid instanceof Pid ? { type: 'whereis', name: at(term, 1), client: { pid, tag } } : undefined
    }
    case 'lost_connection/5': {
      const number = at(term, 3)
      const lost = readNode(at(term, 4))
      if (node === undefined || lost === undefined || !isInteger(at(term, 2)) || !isInteger(number)) return undefined
      return { type: 'lostConnection', reporter: node, life: at(term, 2), number, lost, term: term as Tuple }
    }
    case 'remove_connection/2':
      return node === undefined ? undefined : { type: 'removeConnection', node }
    case 'cancel_connect/3':
      return node === undefined ? undefined : { type: 'cancelConnect', node, ourTag: at(term, 2) }
    case 'init_connect_ack/4':
      if (node === undefined) return undefined
      return { type: 'initConnectAck', node, ourTag: at(term, 2), theirTag: at(term, 3) }
    default:
      return undefined
  }
}

/** Lockers of different nodes speak through their servers; but a "no" to a stranger goes to the locker itself. */
export function readLockSet(term: unknown): LockSet | undefined {
  const kind = formOf(term)
  if (kind !== 'lock_set/4' && kind !== 'lock_set/5') return undefined
  const [locker, set] = [at(term, 1), at(term, 2)]
  if (!(locker instanceof Pid) || typeof set !== 'boolean') return undefined
  return { type: 'lockSet', locker, set, ourTag: kind === 'lock_set/5' ? at(term, 4) : undefined }
}

function readInitConnect(term: unknown): Message | undefined {
  const [versions, node, init] = [at(term, 1), readNode(at(term, 2)), at(term, 3)]
  // Later releases may append to the pair of version and tag.
  if (!(versions instanceof Tuple) || versions.length < 2 || node === undefined) return undefined
  const version = versions.at(0)
  const locker = at(init, 3)
  if (typeof version !== 'number' || formOf(init) !== 'locker/4' || !(locker instanceof Pid)) return undefined
  if (locker.node !== node) return undefined
  return { type: 'initConnect', node, version, theirTag: versions.at(1), locker }
}

function withLock(type: 'setLock' | 'deleteLock', term: unknown): Request | undefined {
  if (!(term instanceof Tuple) || term.length !== 2) return undefined
  return { type, lock: { resource: term.at(0), requester: term.at(1) } }
}

function readRecord(name: unknown, pid: unknown, method: unknown): NameRecord | undefined {
  return pid instanceof Pid ? { name, pid, method } : undefined
}

function readRecordTuple(term: unknown): NameRecord | undefined {
  if (!(term instanceof Tuple) || term.length !== 3) return undefined
  return readRecord(term.at(0), term.at(1), term.at(2))
}

function readOperation(term: unknown): NameOperation | undefined {
  switch (formOf(term)) {
    case 'insert/2': {
      const record = readRecordTuple(at(term, 1))
      return record && { type: 'insert', record }
    }
    case 'delete/2':
      return { type: 'delete', name: at(term, 1) }
    default:
      return undefined
  }
}

function readExternalName(term: unknown): ExternalName | undefined {
  if (!(term instanceof Tuple) || term.length !== 3) return undefined
  const [name, pid, node] = term.elements
  const registrar = readNode(node)
  return pid instanceof Pid && registrar !== undefined ? { name, pid, registrar } : undefined
}

function readKnownNode(term: unknown): KnownNode | undefined {
  const bare = readNode(term)
  if (bare !== undefined) return { node: bare, version: 0 }
  if (!(term instanceof Tuple) || term.length !== 2) return undefined
  const [node, version] = [readNode(term.at(0)), term.at(1)]
  return node !== undefined && typeof version === 'number' ? { node, version } : undefined
}

/** The list is of pairs; that of the lock holds the resource and the requester. */
function readRequester(extra: unknown): unknown {
  if (!Array.isArray(extra)) return undefined
  const lock = at(
    extra.find((pair) => formOf(pair) === 'lock/2'),
    1,
  )
  return lock instanceof Tuple && lock.length === 2 ? lock.at(1) : undefined
}

function readNode(term: unknown): string | undefined {
  return term instanceof Atom ? term.name : undefined
}

function readList<T>(term: unknown, read: (element: unknown) => T | undefined): T[] | undefined {
  if (!Array.isArray(term)) return undefined
  const elements: T[] = []
  for (const element of term) {
    const value = read(element)
    if (value === undefined) return undefined
    elements.push(value)
  }
  return elements
}

function isInteger(term: unknown): term is number | bigint {
  return typeof term === 'bigint' || (typeof term === 'number' && Number.isInteger(term))
}

/** Its name and size when it is a tuple that begins with an atom, such as `set_lock/2`; an atom's name. */
function formOf(term: unknown): string | undefined {
  if (term instanceof Atom) return term.name
  if (!(term instanceof Tuple)) return undefined
  const name = term.at(0)
  return name instanceof Atom ? `${name.name}/${term.length}` : undefined
}

/** What kind of message a term might have been: its form, and that of what is called or cast. */
export function kindOf(term: unknown): string {
  const content = genCallOf(term)?.request ?? genCastOf(term)?.request
  return [formOf(term) ?? 'a term', ...(content === undefined ? [] : [formOf(content) ?? 'a term'])].join(' ')
}

function at(term: unknown, index: number): unknown {
  return term instanceof Tuple ? term.at(index) : undefined
}
