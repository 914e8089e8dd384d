import type { EngineStatus } from '../engine.ts'
import type { Member, View } from '../member.ts'
import type { Replica } from '../replica/replica.ts'
import type { ReplicaSettings } from '../replica/settings.ts'

/** Figures of the replica of this process, as plain data. */
export interface NodeEngineStatus extends EngineStatus {
  /** As what this process is in views. */
  readonly self: Member
  /** What a process that is in no view waits for, in words. */
  readonly waitingFor: string | undefined
  /** What needs a person, or time: the authority does not answer, or its record went back. */
  readonly problem: string | undefined
  /** Index of the last entry that is applied here. */
  readonly applied: number
  /** Entries that are held here and not yet known to be committed. */
  readonly lagEntries: number
  readonly logEntries: number
  /** About the memory of the log, and how much it may take before the primary orders no more until some of it can go. */
  readonly logBytes: number
  readonly logBytesMax: number
  /** What all rows together may take, as estimated, if this process is the primary. */
  readonly bytesMax: number
  /** Writes, fences and validations of this process under way. */
  readonly callsPending: number
  // Since the start of this process
  readonly committed: number
  readonly conflicts: number
  readonly rejoins: number
  /** How often rows were lost: see the event `dataloss`. */
  readonly resets: number
  readonly authorityUnknown: number
  readonly packetsDropped: number
  readonly packetsNotUnderstood: number
}

export interface DataLoss {
  /** `all members lost`: they took the rows with them. `other cluster`: this process joined one that went on without what it held. */
  readonly reason: 'all members lost' | 'other cluster'
  /** The identity of the cluster whose rows are gone. */
  readonly before: string
  readonly now: string
}

export interface NodeEngineEvents {
  view: [{ readonly view: View; readonly role: EngineStatus['role'] }]
  /** The primary was not heard for a while: reads may trail, writes are refused. */
  cutoff: []
  reached: []
  /** The process was left out of a view, and is in again. */
  rejoined: [{ readonly view: View }]
  dataloss: [DataLoss]
}

export function roleOf(replica: Replica): EngineStatus['role'] {
  if (replica.isPrimary) return 'primary'
  return replica.isMember ? 'member' : 'joining'
}

/** Whether a node that takes part ought to be heard, and perhaps is not: only among the members of one view all is well. */
export function misses({ isMember, isCutOff, view }: Replica, node: string): boolean {
  return !isMember || isCutOff || view?.members.some((member) => member.node === node) !== true
}

type Figures = Pick<
  NodeEngineStatus,
  'self' | 'cutOff' | 'applied' | 'lagEntries' | 'logEntries' | 'logBytes' | 'logBytesMax' | 'bytesMax'
>

export function figuresOf(
  { self, copy: { applied, log }, isCutOff }: Replica,
  { storeBytesMax, logBytesMax }: ReplicaSettings,
): Figures {
  return {
    self,
    cutOff: isCutOff,
    applied,
    lagEntries: log.lastIndex - applied,
    logEntries: log.length,
    logBytes: log.bytes,
    logBytesMax,
    bytesMax: storeBytesMax,
  }
}
