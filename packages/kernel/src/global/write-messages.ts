/** What is sent to the `global_name_server` of other nodes, as terms. See `read-messages.ts`, which reads the same. */
import { atom, genCast, type Pid, type Tuple, tuple } from '@tiebeam/distribution'
import {
  type ExternalName,
  type KnownNode,
  type LockId,
  type NameOperation,
  type NameRecord,
  VERSION,
  VERSION_OF_ACKNOWLEDGED_CONNECTS,
  VERSION_OF_LOST_CONNECTIONS,
} from './vocabulary.ts'

const UNUSED = atom('unused')

export function initConnect(own: string, ourTag: number, known: readonly KnownNode[], locker: Pid): Tuple {
  const nodes = new Map(known.map(({ node, version }) => [atom(node), version]))
  const init = tuple(atom('locker'), atom('no_longer_a_pid'), nodes, locker)
  return genCast(tuple(atom('init_connect'), tuple(VERSION, ourTag), atom(own), init))
}

export function initConnectAck(own: string, theirTag: unknown, ourTag: number): Tuple {
  return tuple(atom('init_connect_ack'), atom(own), theirTag, ourTag)
}

export function cancelConnect(own: string, theirTag: unknown): Tuple {
  return tuple(atom('cancel_connect'), atom(own), theirTag)
}

export function exchange(own: string, names: readonly NameRecord[], theirTag: unknown): Tuple {
  return genCast(tuple(atom('exchange'), atom(own), names.map(recordTerm), [], theirTag))
}

export interface ResolvedInit {
  readonly operations: readonly NameOperation[]
  readonly known: readonly KnownNode[]
  readonly external: readonly ExternalName[]
  readonly theirTag: unknown
  /** Of the receiver. */
  readonly version: number
}

export function resolved(own: string, init: ResolvedInit): Tuple {
  const { operations, known, external, theirTag, version } = init
  return genCast(
    tuple(
      atom('resolved'),
      atom(own),
      operations.map(operationTerm),
      knownTerm(known, version),
      UNUSED,
      external.map(externalTerm),
      theirTag,
    ),
  )
}

export interface NewNodesInit {
  readonly operations: readonly NameOperation[]
  readonly external: readonly ExternalName[]
  readonly nodes: readonly KnownNode[]
  readonly version: number | undefined
  readonly lock: LockId | undefined
}

export function newNodes(own: string, init: NewNodesInit, receiverVersion: number): Tuple {
  const { operations, external, nodes, version, lock } = init
  const extra = [tuple(atom('vsn'), version), tuple(atom('lock'), lock && lockTerm(lock))]
  return genCast(
    tuple(
      atom('new_nodes'),
      atom(own),
      operations.map(operationTerm),
      external.map(externalTerm),
      knownTerm(nodes, receiverVersion),
      extra,
    ),
  )
}

export function inSync(own: string): Tuple {
  return genCast(tuple(atom('in_sync'), atom(own), true))
}

export function lostConnection(own: string, life: bigint, number: number, lost: string): Tuple {
  return tuple(atom('lost_connection'), atom(own), life, number, atom(lost))
}

export function removeConnection(own: string): Tuple {
  return tuple(atom('remove_connection'), atom(own))
}

/** What a locker tells another, through its server. */
export function lockSetCast(
  locker: Pid,
  set: boolean,
  known: readonly string[],
  theirTag: unknown,
  version: number,
): Tuple {
  return genCast(lockSet(locker, set, known, theirTag, version))
}

export function lockSet(
  locker: Pid,
  set: boolean,
  known: readonly string[],
  theirTag: unknown,
  version: number,
): Tuple {
  const nodes = known.map((node) => atom(node))
  if (version < VERSION_OF_ACKNOWLEDGED_CONNECTS) return tuple(atom('lock_set'), locker, set, nodes)
  return tuple(atom('lock_set'), locker, set, nodes, theirTag)
}

export function setLockRequest(lock: LockId): Tuple {
  return tuple(atom('set_lock'), lockTerm(lock))
}

export function deleteLockRequest(lock: LockId): Tuple {
  return tuple(atom('del_lock'), lockTerm(lock))
}

export function registerRequest({ name, pid, method }: NameRecord): Tuple {
  return tuple(atom('register'), name, pid, method)
}

export function unregisterRequest(name: unknown): Tuple {
  return tuple(atom('unregister'), name)
}

/** With versions for those who know what to do with them. */
export function knownTerm(known: readonly KnownNode[], receiverVersion: number): unknown[] {
  return known.map(({ node, version }) =>
    receiverVersion < VERSION_OF_LOST_CONNECTIONS ? atom(node) : tuple(atom(node), version),
  )
}

export function externalTerm({ name, pid, registrar }: ExternalName): Tuple {
  return tuple(name, pid, atom(registrar))
}

function recordTerm({ name, pid, method }: NameRecord): Tuple {
  return tuple(name, pid, method)
}

function operationTerm(operation: NameOperation): Tuple {
  return operation.type === 'insert'
    ? tuple(atom('insert'), recordTerm(operation.record))
    : tuple(atom('delete'), operation.name)
}

function lockTerm({ resource, requester }: LockId): Tuple {
  return tuple(resource, requester)
}
