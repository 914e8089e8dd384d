import { keyOf, type Pid } from '@tiebeam/distribution'
import type { Monitors } from './monitors.ts'
import type { ExternalName, NameRecord } from './vocabulary.ts'

interface Entry extends NameRecord {
  readonly key: string
  readonly monitor: number
  /** The node that registered it on behalf of another, which does not speak `global`. */
  readonly registrar: string | undefined
}

/** What routines, and the program, ask of the table. */
export interface NameView {
  find(name: unknown): NameRecord | undefined
  isRegistered(pid: Pid): boolean
  records(): NameRecord[]
}

/** The global names as this node knows them. A name ends with its process. */
export class NameTable implements NameView {
  readonly #monitors: Monitors
  readonly #entries = new Map<string, Entry>()
  readonly #watched = new Map<number, Entry>()
  /** How many names each process has; more than one only after an operation of another node. */
  readonly #counts = new Map<string, number>()

  constructor(monitors: Monitors) {
    this.#monitors = monitors
  }

  get size(): number {
    return this.#entries.size
  }

  find(name: unknown): NameRecord | undefined {
    return this.#entries.get(keyOf(name))
  }

  isRegistered(pid: Pid): boolean {
    return this.#counts.has(pid.key)
  }

  records(): NameRecord[] {
    return [...this.#entries.values()].map(({ name, pid, method }) => ({ name, pid, method }))
  }

  external(): ExternalName[] {
    const names: ExternalName[] = []
    for (const { name, pid, registrar } of this.#entries.values()) {
      if (registrar !== undefined) names.push({ name, pid, registrar })
    }
    return names
  }

  /** Takes the place of what had the name before. */
  insert(record: NameRecord, registrar?: string): void {
    const key = keyOf(record.name)
    this.delete(record.name)
    const entry: Entry = { ...record, key, registrar, monitor: this.#monitors.watch(record.pid) }
    this.#entries.set(key, entry)
    this.#watched.set(entry.monitor, entry)
    this.#counts.set(record.pid.key, (this.#counts.get(record.pid.key) ?? 0) + 1)
  }

  delete(name: unknown): void {
    const entry = this.#entries.get(keyOf(name))
    if (entry !== undefined) this.#remove(entry)
  }

  /** A process ended that was watched under this number. */
  down(monitor: number): void {
    const entry = this.#watched.get(monitor)
    if (entry !== undefined) this.#remove(entry)
  }

  #remove(entry: Entry): void {
    this.#monitors.unwatch(entry.monitor)
    this.#entries.delete(entry.key)
    this.#watched.delete(entry.monitor)
    const count = (this.#counts.get(entry.pid.key) ?? 1) - 1
    if (count === 0) this.#counts.delete(entry.pid.key)
    else this.#counts.set(entry.pid.key, count)
  }
}
