import type { EngineCopy } from '../engine.ts'
import { TablesError } from '../errors.ts'
import type { Read } from '../store/read.ts'
import type { Write } from '../store/write.ts'
import { Overlay } from './overlay.ts'

/** One attempt of one transaction or of several, one after the other: what they read and write. */
export class Scope {
  readonly copy: EngineCopy
  /** `applied`, when it began. */
  readonly snapshot: number
  readonly #writesMax: number
  /** Few: most transactions use one table. */
  readonly #overlays: Overlay[] = []
  /** Undoes what was written since the mark, from the last to the first. */
  #undo: (() => void)[] = []
  #writeCount = 0
  #isOpen = true
  /** Something happened for which nothing of it may be written, even if its function does not mind. */
  fault: TablesError | undefined

  /** `writesMax`: of one transaction. */
  constructor(copy: EngineCopy, writesMax: number) {
    this.copy = copy
    this.#writesMax = writesMax
    this.snapshot = copy.applied
  }

  table(name: string): Overlay {
    for (const overlay of this.#overlays) if (overlay.name === name) return overlay
    const overlay = new Overlay(name, this.copy.store.table(name), this)
    this.#overlays.push(overlay)
    return overlay
  }

  assertOpen(): void {
    if (this.#isOpen) return
    throw new TablesError(
      'TRANSACTION_INVALID',
      'a transaction was used after its function had returned; what it writes has to be written before',
    )
  }

  /** Whether it is time to commit before another transaction is run. */
  get isFull(): boolean {
    return this.#writeCount >= this.#writesMax
  }

  /** Another transaction begins. */
  mark(): void {
    this.#undo = []
  }

  undo(): void {
    for (const undo of this.#undo.reverse()) undo()
    this.#writeCount -= this.#undo.length
    this.#undo = []
  }

  written(undo: () => void): void {
    if (this.#undo.length >= this.#writesMax) {
      const message = `a transaction writes more than ${this.#writesMax} times (writesMax); let several share the work`
      throw new TablesError('TRANSACTION_INVALID', message)
    }
    this.#undo.push(undo)
    this.#writeCount += 1
  }

  close(): void {
    this.#isOpen = false
  }

  reads(): Read[] {
    const reads: Read[] = []
    for (const overlay of this.#overlays) overlay.addReads(reads)
    return reads
  }

  writes(): Write[] {
    const writes: Write[] = []
    for (const overlay of this.#overlays) overlay.addWrites(writes)
    return writes
  }
}
