import { type MapKey, mapKeyOf } from '../../store/key.ts'
import type { Write } from '../../store/write.ts'
import type { Copy } from '../copy.ts'
import { type Entry, writesOf } from '../entry.ts'
import { bytesOfWrites } from '../entry-bytes.ts'

/** A row takes less than this many times what it is counted in the log. */
const ROW_FACTOR = 8

/** What appended entries make of one table, beyond what is applied. */
interface Pending {
  /** By the name of the row: what it takes then, and which entry wrote it last. */
  readonly rows: Map<MapKey, { readonly bytes: number; readonly index: number }>
  /** The last entry that cleared the table; 0 when there is none. */
  cleared: number
  growth: number
}

/**
 * What the rows will take once all that is appended is applied: the limit of their memory is kept where writes are ordered, or those who
 * write at the same time would pass it together. Writes that let the rows shrink always have room. Only near the limit is it worth
 * measuring each row.
 */
export class Room {
  readonly #copy: Copy
  readonly #bytesMax: number
  readonly #tables = new Map<string, Pending>()
  /** By how much each table grows with an entry that is not applied. */
  readonly #growths = new Map<number, ReadonlyMap<string, number>>()
  #growth = 0
  #isNear = false

  constructor(copy: Copy, bytesMax: number) {
    this.#copy = copy
    this.#bytesMax = bytesMax
  }

  has(writes: readonly Write[]): boolean {
    this.#look(writes)
    if (!this.#isNear) return true
    let growth = 0
    for (const each of this.#growthOf(writes).values()) growth += each
    return growth <= 0 || this.#copy.store.bytes + this.#growth + growth <= this.#bytesMax
  }

  appended(entry: Entry): void {
    if (!this.#isNear) return
    const writes = writesOf(entry)
    const growths = this.#growthOf(writes)
    this.#growths.set(entry.index, growths)
    this.#grow(growths, 1)
    for (const write of writes) this.#note(write, entry.index)
  }

  /** Its rows are in the store now. */
  applied(entry: Entry): void {
    const growths = this.#growths.get(entry.index)
    if (growths === undefined) return
    this.#growths.delete(entry.index)
    this.#grow(growths, -1)
    for (const write of writesOf(entry)) {
      const pending = this.#pending(write.table)
      if (write.type === 'clear') {
        if (pending.cleared === entry.index) pending.cleared = 0
        continue
      }
      const name = mapKeyOf(write.key)
      if (pending.rows.get(name)?.index === entry.index) pending.rows.delete(name)
    }
  }

  #look(writes: readonly Write[]): void {
    const { store, log, applied } = this.#copy
    const entryBytes = log.bytesBetween(applied, log.lastIndex) + bytesOfWrites(writes)
    const isNear = store.bytes + entryBytes * ROW_FACTOR > this.#bytesMax
    if (isNear === this.#isNear) return
    this.#isNear = isNear
    this.#tables.clear()
    this.#growths.clear()
    this.#growth = 0
    if (isNear) for (const entry of log.from(applied + 1)) this.appended(entry)
  }

  #growthOf(writes: readonly Write[]): Map<string, number> {
    const growths = new Map<string, number>()
    /** What earlier ones of these writes leave of a row, where there are several. */
    const rows = new Map<string, Map<MapKey, number>>()
    const cleared = new Set<string>()
    for (const write of writes) {
      const { table } = write
      const growth = growths.get(table) ?? 0
      if (write.type === 'clear') {
        cleared.add(table)
        rows.delete(table)
        growths.set(table, -this.#copy.store.table(table).bytes - (this.#tables.get(table)?.growth ?? 0))
        continue
      }
      const name = mapKeyOf(write.key)
      const earlier = writes.length === 1 ? undefined : (rows.get(table) ?? new Map<MapKey, number>())
      const before = earlier?.get(name) ?? (cleared.has(table) ? 0 : this.#bytesAt(write, name))
      const after = this.#bytesOf(write)
      if (earlier !== undefined) rows.set(table, earlier.set(name, after))
      growths.set(table, growth + after - before)
    }
    return growths
  }

  #bytesOf(write: Exclude<Write, { readonly type: 'clear' }>): number {
    if (write.type === 'delete') return 0
    return this.#copy.store.table(write.table).bytesOf(write.key, write.row, write.ttlMs !== undefined)
  }

  #bytesAt({ table, key }: Exclude<Write, { readonly type: 'clear' }>, name: MapKey): number {
    const pending = this.#tables.get(table)
    const written = pending?.rows.get(name)
    if (written !== undefined) return written.bytes
    return pending !== undefined && pending.cleared > 0 ? 0 : this.#copy.store.table(table).bytesAt(key)
  }

  #note(write: Write, index: number): void {
    const pending = this.#pending(write.table)
    if (write.type === 'clear') {
      pending.cleared = index
      pending.rows.clear()
    } else {
      pending.rows.set(mapKeyOf(write.key), { bytes: this.#bytesOf(write), index })
    }
  }

  #grow(growths: ReadonlyMap<string, number>, sign: 1 | -1): void {
    for (const [table, growth] of growths) {
      this.#pending(table).growth += sign * growth
      this.#growth += sign * growth
    }
  }

  #pending(table: string): Pending {
    const known = this.#tables.get(table)
    if (known !== undefined) return known
    const pending: Pending = { rows: new Map(), cleared: 0, growth: 0 }
    this.#tables.set(table, pending)
    return pending
  }
}
