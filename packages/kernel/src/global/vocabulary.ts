import { atom, type Pid } from '@tiebeam/distribution'

/** The registered name of the process that speaks `global` on every visible node. */
export const SERVER_NAME = 'global_name_server'

/** The version of the protocol between these processes that is spoken here: that of OTP 25 to 28. */
export const VERSION = 8
/** The oldest one understood: since then lockers of different nodes speak through their servers. OTP 24 has it. */
export const VERSION_MIN = 6
/** Since then nodes tell each other the versions of the nodes they know, and of lost connections. */
export const VERSION_OF_LOST_CONNECTIONS = 7
/** Since then both sides make sure that they speak of the same attempt to synchronise. */
export const VERSION_OF_ACKNOWLEDGED_CONNECTS = 8

/** Whoever wants to change names locks this resource on all nodes. */
export const GLOBAL_RESOURCE = atom('global')

/** A lock: a resource, and who locks it. Any number of processes may share one, in the name of one requester. */
export interface LockId {
  readonly resource: unknown
  readonly requester: unknown
}

/** A name with its process and the method that settles a conflict, as nodes tell each other of it. */
export interface NameRecord {
  readonly name: unknown
  readonly pid: Pid
  /** A fun of three arguments; only the node on which the process lives can tell what it does. */
  readonly method: unknown
}

/** A change of the name table. */
export type NameOperation =
  | { readonly type: 'insert'; readonly record: NameRecord }
  | { readonly type: 'delete'; readonly name: unknown }

/** A name that a node registered for a process of another, which does not speak `global` itself (a C node). */
export interface ExternalName {
  readonly name: unknown
  readonly pid: Pid
  /** The node that registered it. */
  readonly registrar: string
}

export interface KnownNode {
  readonly node: string
  /** Of its protocol; 0 when unknown. */
  readonly version: number
}

/** To be sent to the server of a node, with a connection made if there is none. */
export interface Cast {
  readonly node: string
  readonly message: unknown
}
