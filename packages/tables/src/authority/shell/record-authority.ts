import { TablesError } from '../../errors.ts'
import type { View } from '../../member.ts'
import type { Installation } from '../authority.ts'
import type { StartedAuthority } from '../authority-kind.ts'

/** A record in an outside store that can be swapped: `Version` stands for what is compared. */
export interface RecordStore<Version> {
  read(signal: AbortSignal): Promise<{ readonly view: View | undefined; readonly version: Version }>
  /** Writes if the record is still of this version, and never sends the same write twice. False: it is not, and nothing was written. */
  write(view: View, version: Version, signal: AbortSignal): Promise<boolean>
  close(): void
}

/** How often a write is tried while others touch the record without changing its view. */
const WRITES_MAX = 5

/** What `etcd` and `kubernetes` have in common: an epoch is compared by comparing the version of the record that it was read from. */
export class RecordAuthority<Version> implements StartedAuthority {
  readonly #store: RecordStore<Version>
  readonly #timeoutMs: number
  readonly #calls = new Set<AbortController>()
  #isStopped = false

  constructor(store: RecordStore<Version>, timeoutMs: number) {
    this.#store = store
    this.#timeoutMs = timeoutMs
  }

  read(): Promise<View | undefined> {
    return this.call(async (signal) => (await this.#store.read(signal)).view)
  }

  install(next: View, expectedEpoch: number): Promise<Installation> {
    return this.call(async (signal) => {
      for (let writes = 0; writes < WRITES_MAX; writes += 1) {
        const { view, version } = await this.#store.read(signal)
        if ((view?.epoch ?? 0) !== expectedEpoch) return { type: 'stands', view }
        if (await this.#store.write(next, version, signal)) return { type: 'installed', view: next }
      }
      throw new TablesError(
        'AUTHORITY_UNKNOWN',
        `The record of the authority was changed by others ${WRITES_MAX} times in a row, though its view was not. What else writes it?`,
      )
    })
  }

  /** Runs until `timeoutMs` or the stop. */
  async call<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#isStopped) throw stopped()
    const abort = new AbortController()
    const timer = setTimeout(() => abort.abort(tooLate(this.#timeoutMs)), this.#timeoutMs)
    this.#calls.add(abort)
    try {
      return await run(abort.signal)
    } catch (error) {
      throw abort.signal.aborted ? abort.signal.reason : error
    } finally {
      clearTimeout(timer)
      this.#calls.delete(abort)
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    for (const abort of this.#calls) abort.abort(stopped())
    this.#store.close()
  }
}

function tooLate(timeoutMs: number): TablesError {
  return new TablesError(
    'AUTHORITY_UNKNOWN',
    `The authority did not answer within ${timeoutMs} ms (timeoutMs). What was asked of it may have happened, or may still happen.`,
  )
}

function stopped(): TablesError {
  return new TablesError('TABLES_STOPPED', 'The authority was stopped.')
}
