import type { Pid } from '@tiebeam/distribution'
import { type LockContext, withGlobalLock } from './lock-routines.ts'
import type { NameView } from './name-table.ts'
import { ask, type Routine } from './routine.ts'
import type { NameRecord } from './vocabulary.ts'
import { registerRequest, unregisterRequest } from './write-messages.ts'

export interface RegistrarContext extends LockContext {
  /** The process that registers. It does one thing after the other. */
  readonly pid: Pid
  readonly names: NameView
  /** Where the process of this name is, if it has one that lives. */
  readonly whereis: (name: unknown) => Pid | undefined
  readonly known: () => readonly string[]
}

/** A process may have one name. */
export type Registration = 'registered' | 'nameTaken' | 'processHasName'

export function* register(context: RegistrarContext, record: NameRecord): Routine<Registration> {
  return yield* withGlobalLock(context, context.pid, context.known, function* (nodes): Routine<Registration> {
    if (context.whereis(record.name) !== undefined) return 'nameTaken'
    if (context.names.isRegistered(record.pid)) return 'processHasName'
    yield* ask(nodes, registerRequest(record))
    return 'registered'
  })
}

/** Whatever had the name before. */
export function* registerAnew(context: RegistrarContext, record: NameRecord): Routine<void> {
  yield* withGlobalLock(context, context.pid, context.known, function* (nodes): Routine<void> {
    yield* ask(nodes, registerRequest(record))
  })
}

export function* unregister(context: RegistrarContext, name: unknown): Routine<void> {
  if (context.whereis(name) === undefined) return
  yield* withGlobalLock(context, context.pid, context.known, function* (nodes): Routine<void> {
    yield* ask(nodes, unregisterRequest(name))
  })
}
