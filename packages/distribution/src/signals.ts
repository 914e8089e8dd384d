import type { Atom, Pid, Reference } from '@tiebeam/etf'

/**
 * What one node tells another: the control messages of the Distribution Protocol guide, section "Protocol between Connected
 * Nodes", with their payloads. Which operation carries a signal (with or without PAYLOAD_, with or without a trace token) is
 * settled by the flags of the link and hidden here; trace tokens are dropped.
 *
 * Order: signals from one entity to another must leave, and be acted upon, in the order in which they were sent. After an
 * `unlink` has been received, its `unlinkAck` must be sent before any other signal to the process that sent the `unlink`
 * ("Link Protocol" in the same guide): the sender ignores a new link until then.
 */
export type Signal =
  | SendSignal
  | SendNameSignal
  | SendAliasSignal
  | LinkSignal
  | UnlinkSignal
  | UnlinkAckSignal
  | ExitSignal
  | Exit2Signal
  | MonitorSignal
  | DemonitorSignal
  | MonitorExitSignal
  | GroupLeaderSignal
  | SpawnRequestSignal
  | SpawnReplySignal
  | UnknownSignal

/** SEND (2), SEND_TT (12), SEND_SENDER (22), SEND_SENDER_TT (23). Only the last two name the sender. */
export interface SendSignal {
  readonly type: 'send'
  readonly from?: Pid | undefined
  readonly to: Pid
  readonly message: unknown
}

/** REG_SEND (6), REG_SEND_TT (16): to a registered name. */
export interface SendNameSignal {
  readonly type: 'sendName'
  readonly from: Pid
  readonly name: string
  readonly message: unknown
}

/** ALIAS_SEND (33), ALIAS_SEND_TT (34). A peer without the ALIAS flag never made an alias, so none is ever sent to it. */
export interface SendAliasSignal {
  readonly type: 'sendAlias'
  readonly from: Pid
  readonly alias: Reference
  readonly message: unknown
}

/** LINK (1). */
export interface LinkSignal {
  readonly type: 'link'
  readonly from: Pid
  readonly to: Pid
}

/** UNLINK_ID (35), or UNLINK (4) with id 0n from a peer without the UNLINK_ID flag, which expects no answer. */
export interface UnlinkSignal {
  readonly type: 'unlink'
  /** 1n to 2^64 - 1, unique among the unlinks not yet acknowledged between these two processes. */
  readonly id: bigint
  readonly from: Pid
  readonly to: Pid
}

/** UNLINK_ID_ACK (36). `from` is the process that acknowledges. */
export interface UnlinkAckSignal {
  readonly type: 'unlinkAck'
  readonly id: bigint
  readonly from: Pid
  readonly to: Pid
}

/** EXIT (3), EXIT_TT (13), PAYLOAD_EXIT (24), PAYLOAD_EXIT_TT (25): a linked process ended, which breaks the link. */
export interface ExitSignal {
  readonly type: 'exit'
  readonly from: Pid
  readonly to: Pid
  readonly reason: unknown
}

/** EXIT2 (8), EXIT2_TT (18), PAYLOAD_EXIT2 (26), PAYLOAD_EXIT2_TT (27): sent by `exit/2`. */
interface Exit2Signal {
  readonly type: 'exit2'
  readonly from: Pid
  readonly to: Pid
  readonly reason: unknown
}

/** MONITOR_P (19). `to` is a process, or the registered name of one. */
export interface MonitorSignal {
  readonly type: 'monitor'
  readonly from: Pid
  readonly to: Pid | string
  readonly reference: Reference
}

/** DEMONITOR_P (20). */
export interface DemonitorSignal {
  readonly type: 'demonitor'
  readonly from: Pid
  readonly to: Pid | string
  readonly reference: Reference
}

/** MONITOR_P_EXIT (21), PAYLOAD_MONITOR_P_EXIT (28). `from` is what was monitored: a name when it was monitored by name. */
export interface MonitorExitSignal {
  readonly type: 'monitorExit'
  readonly from: Pid | string
  readonly to: Pid
  readonly reference: Reference
  readonly reason: unknown
}

/** GROUP_LEADER (7): `from` becomes the group leader of `to`. */
interface GroupLeaderSignal {
  readonly type: 'groupLeader'
  readonly from: Pid
  readonly to: Pid
}

/** SPAWN_REQUEST (29), SPAWN_REQUEST_TT (30). Must be answered by a `spawnReply`. */
export interface SpawnRequestSignal {
  readonly type: 'spawnRequest'
  readonly requestId: Reference
  readonly from: Pid
  readonly groupLeader: Pid
  readonly module: Atom
  readonly function: Atom
  readonly arity: number
  /** The option list of `spawn_request/5`, such as `monitor` and `link`, without those that concern the requesting node alone. */
  readonly options: readonly unknown[]
  /** A list, unless the peer is out of its mind. */
  readonly args: unknown
}

/** SPAWN_REPLY (31), SPAWN_REPLY_TT (32). */
export interface SpawnReplySignal {
  readonly type: 'spawnReply'
  readonly requestId: Reference
  readonly to: Pid
  /** What was set up along with the process: 1 a link, 2 a monitor, 3 both. */
  readonly flags: number
  /** The new process, or an atom that says why there is none. */
  readonly result: Pid | Atom
}

/** A well-formed control message with an operation that this node did not offer: to be logged and skipped, never fatal. */
interface UnknownSignal {
  readonly type: 'unknown'
  readonly operation: number
  /** The whole control tuple, and the payload when one followed. */
  readonly control: unknown
  readonly message?: unknown
}
