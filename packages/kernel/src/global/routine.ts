import type { Pid } from '@tiebeam/distribution'
import type { GlobalEvent } from './effects.ts'
import type { LockerMessage } from './locker.ts'
import type { Cast } from './vocabulary.ts'

/**
 * What the locker, the registrar and whoever sets a lock do takes many steps, with waiting between them; in OTP these are processes. Here
 * each is a routine: a generator that gives the steps, as data, and is resumed with what came of them. Whoever runs it owns the timers and
 * the connections.
 */
export type Routine<Result> = Generator<Step, Result, unknown>

export type Step =
  /** Ask the servers of these nodes, all at once, in the name of `owner` if given. Gives {@link Replies}. */
  | {
      readonly type: 'ask'
      readonly nodes: readonly string[]
      readonly request: unknown
      readonly owner: Pid | undefined
    }
  /** Take the first message to the locker that is wanted; gives it, or {@link NO_MESSAGE} when none came in time. Other messages are left where they are. */
  | {
      readonly type: 'receive'
      readonly isWanted: (message: LockerMessage) => boolean
      readonly timeoutMs: number | undefined
    }
  /** To the server of another node. */
  | ({ readonly type: 'cast' } & Cast)
  | { readonly type: 'send'; readonly to: Pid; readonly message: unknown }
  /** To the own server. */
  | { readonly type: 'report'; readonly event: GlobalEvent }
  /** Have the method of a name settle a conflict on the node of the process that has it. Gives a {@link Settlement}. */
  | {
      readonly type: 'settle'
      readonly method: unknown
      readonly name: unknown
      readonly theirs: Pid
      readonly ours: Pid
    }

/** What each node answered; those that did not answer, because they have no server or are gone, are left out. */
export type Replies = ReadonlyMap<string, unknown>

/** What the method gave, or why it could not be called. */
export type Settlement = { readonly value: unknown } | { readonly failed: unknown }

export const NO_MESSAGE: unique symbol = Symbol('no message')

export function* ask(nodes: readonly string[], request: unknown, owner?: Pid): Routine<Replies> {
  if (nodes.length === 0) return new Map()
  return (yield { type: 'ask', nodes, request, owner }) as Replies
}

export function* sleep(timeoutMs: number): Routine<void> {
  yield { type: 'receive', isWanted: () => false, timeoutMs }
}
