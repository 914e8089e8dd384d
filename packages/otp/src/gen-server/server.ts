import type { From, Handlers } from './handlers.ts'

/** What the loop runs: the callbacks of a GenServer. */
export interface Server {
  readonly calls: Handlers
  readonly casts: Handlers
  handleCall(request: unknown, from: From): unknown
  handleCast(request: unknown): unknown
  handleInfo(message: unknown): unknown
  handleTimeout(): unknown
  terminate(reason: unknown, error?: unknown): unknown
  describeState(): unknown
}
