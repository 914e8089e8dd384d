/** A node of the cluster that goes through faults, whichever kind it is. */
export interface FaultMember {
  readonly name: string
  readonly kind: MemberKind
  /** The visible nodes to which it is connected, as its events tell. */
  readonly peers: ReadonlySet<string>
  /** Tries to connect to these nodes, and does not wait. */
  connect(names: readonly string[]): Promise<void>
  /** `global:sync`. */
  sync(): Promise<void>
  /** Registers a new process under this name. False when it is taken. */
  register(name: string): Promise<boolean>
  /** Names, with their processes in the form that all nodes agree on. */
  table(): Promise<ReadonlyMap<string, string>>
  /** SIGKILL. */
  kill(): Promise<void>
  /** Leaves in order. */
  stop(): Promise<void>
  /** What it has printed lately. */
  readonly output: string
}

export type MemberKind = 'otp' | 'tiebeam'

/** An event of a member: another visible node has come, or has gone. */
interface MemberEvent {
  readonly type: 'up' | 'down'
  readonly peer: string
}

export type OnEvent = (event: MemberEvent) => void

/** What a Tiebeam member is asked to do, one line of JSON each. */
export interface MemberRequest {
  readonly id: number
  readonly command: 'connect' | 'sync' | 'register' | 'table'
  readonly names: readonly string[]
}

/** What it prints, one line of JSON each. */
export type MemberLine =
  | { readonly type: 'started' }
  | { readonly type: 'event'; readonly event: MemberEvent }
  | { readonly type: 'answer'; readonly id: number; readonly result: unknown }
  | { readonly type: 'failed'; readonly id: number; readonly message: string }
  | { readonly type: 'log'; readonly level: string; readonly text: string }

export interface MemberProcessInit {
  readonly name: string
  readonly cookie: string
  readonly netTickTimeMs: number
}

export function readTable(text: string): Map<string, string> {
  const lines = text.split('\n').filter((line) => line !== '')
  return new Map(lines.map((line) => line.split(' ') as [string, string]))
}
