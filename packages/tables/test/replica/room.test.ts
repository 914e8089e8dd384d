import assert from 'node:assert/strict'
import { test } from 'node:test'
import { random } from '@tiebeam/testing'
import { Copy } from '../../src/replica/copy.ts'
import type { Entry } from '../../src/replica/entry.ts'
import { Room } from '../../src/replica/primary/room.ts'
import { Store } from '../../src/store/store.ts'
import type { Write } from '../../src/store/write.ts'

const BYTES_MAX = 5000

test('what has room is exactly what keeps the rows within their limit, whatever is appended and not applied', () => {
  const generator = random()
  const store = new Store({ ordered: { ordered: true, indexes: { group: { fields: ['group'] } } } })
  const copy = new Copy('cluster', store)
  const room = new Room(copy, BYTES_MAX)
  const counts = { taken: 0, refused: 0 }
  /** What the store becomes once all is applied. */
  const bytesAfter = (writes: readonly Write[]): number => {
    const twin = new Store({ ordered: { ordered: true, indexes: { group: { fields: ['group'] } } } })
    for (const row of store.rows(0)) twin.load(row, 0)
    for (const entry of copy.log.from(copy.applied + 1)) apply(twin, entry)
    for (const write of writes) twin.apply(write, 0)
    return twin.bytes
  }
  for (let step = 0; step < 3000; step += 1) {
    const writes = Array.from({ length: generator.integer(1, 3) }, () => write())
    const before = bytesAfter([])
    const after = bytesAfter(writes)
    const has = room.has(writes)
    assert.equal(has, after <= before || after <= BYTES_MAX, JSON.stringify(writes))
    counts[has ? 'taken' : 'refused'] += 1
    if (has) {
      const entry: Entry = {
        epoch: 1,
        index: copy.log.lastIndex + 1,
        body: { type: 'transaction', origin: { uid: 'a', sequence: step + 1, settled: step }, writes },
      }
      copy.log.append(entry)
      room.appended(entry)
    }
    if (generator.chance(0.4)) {
      const upTo = copy.applied + generator.integer(4)
      for (const entry of copy.applyUpTo(upTo, 0)) room.applied(entry)
      copy.log.forget(copy.applied)
    }
  }
  assert.ok(counts.taken > 300 && counts.refused > 300, JSON.stringify(counts))

  function write(): Write {
    const table = generator.chance(0.5) ? 'plain' : 'ordered'
    const key = generator.chance(0.5) ? generator.integer(20) : `key ${generator.integer(20)}`
    if (generator.chance(0.02)) return { type: 'clear', table }
    if (generator.chance(0.2)) return { type: 'delete', table, key }
    const row = { key, group: generator.integer(3), text: 'x'.repeat(generator.integer(300)) }
    return { type: 'put', table, key, row, ...(generator.chance(0.2) ? { ttlMs: 1000 } : {}) }
  }
})

function apply(store: Store, { body }: Entry): void {
  if (body.type === 'transaction') for (const write of body.writes) store.apply(write, 0)
}
