import type { SnapshotRow } from '../replica/message.ts'
import { type Key, type MapKey, mapKeyOf } from './key.ts'
import type { Row, Write } from './write.ts'

interface Held {
  readonly key: Key
  readonly row: Row
  readonly expiresMs: number | undefined
}

/** The rows of all tables, as far as they are applied. */
export class Store {
  readonly #tables = new Map<string, Map<MapKey, Held>>()

  get(table: string, key: Key): Row | undefined {
    return this.#tables.get(table)?.get(mapKeyOf(key))?.row
  }

  keys(table: string): Key[] {
    return [...(this.#tables.get(table)?.values() ?? [])].map(({ key }) => key)
  }

  apply(write: Write, nowMs: number): void {
    if (write.type === 'put') {
      const expiresMs = write.ttlMs === undefined ? undefined : nowMs + write.ttlMs
      this.#table(write.table).set(mapKeyOf(write.key), { key: write.key, row: write.row, expiresMs })
    } else if (write.type === 'delete') {
      this.#table(write.table).delete(mapKeyOf(write.key))
    } else {
      this.#table(write.table).clear()
    }
  }

  *rows(nowMs: number): Generator<SnapshotRow> {
    for (const [table, rows] of this.#tables) {
      for (const { key, row, expiresMs } of rows.values()) {
        yield expiresMs === undefined ? { table, key, row } : { table, key, row, ttlMs: expiresMs - nowMs }
      }
    }
  }

  load({ table, key, row, ttlMs }: SnapshotRow, nowMs: number): void {
    const expiresMs = ttlMs === undefined ? undefined : nowMs + ttlMs
    this.#table(table).set(mapKeyOf(key), { key, row, expiresMs })
  }

  expired(_nowMs: number): { table: string; key: Key }[] {
    return []
  }

  #table(name: string): Map<MapKey, Held> {
    const known = this.#tables.get(name)
    if (known !== undefined) return known
    const table = new Map<MapKey, Held>()
    this.#tables.set(name, table)
    return table
  }
}
