import { inspectedReason } from '../process/notices.ts'
import type { Signal } from '../signals.ts'

/** Key of the process that a signal goes to; undefined when it is addressed by a name or an alias, and may be any. */
export function receiverOf(signal: Signal): string | undefined {
  switch (signal.type) {
    case 'sendName':
    case 'sendAlias':
    case 'unknown':
      return undefined
    case 'monitor':
    case 'demonitor':
      return typeof signal.to === 'string' ? undefined : signal.to.key
    case 'spawnRequest':
      return undefined
    default:
      return signal.to.key
  }
}

/** The same signal, with a reason that can be sent: a process may end with a reason that has no term, and others must learn of it. */
export function withTermlessReason(signal: Signal, error: unknown): Signal {
  switch (signal.type) {
    case 'exit':
    case 'exit2':
    case 'monitorExit':
      return { ...signal, reason: inspectedReason(signal.reason) }
    default:
      // No other signal carries a value of the application.
      throw error
  }
}
