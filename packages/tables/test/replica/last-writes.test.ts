import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cases, random } from '@tiebeam/testing'
import { Copy } from '../../src/replica/copy.ts'
import { LastWrites } from '../../src/replica/primary/last-writes.ts'
import { Store } from '../../src/store/store.ts'
import type { Write } from '../../src/store/write.ts'

test('the last write of a row tells of a conflict exactly when a walk through the log finds one', () => {
  const dice = random()
  for (let round = 0; round < cases(200); round += 1) {
    const copy = new Copy('cluster', new Store())
    const lastWrites = new LastWrites(copy.log)
    // Enough rows in some rounds that those of forgotten entries are dropped on the way.
    const keys = dice.pick([5, 3000])
    for (let index = 1; index <= 300; index += 1) {
      const writes: Write[] = Array.from({ length: dice.integer(12) }, () => {
        const table = dice.pick(['a', 'b'])
        if (dice.chance(0.01)) return { type: 'clear', table }
        return { type: 'put', table, key: dice.integer(keys), row: {} }
      })
      const entry = { epoch: 1, index, body: { type: 'expiry', writes } } as const
      copy.log.append(entry)
      lastWrites.add(entry)
      if (dice.chance(0.1)) copy.log.forget(index - dice.integer(20))
      const snapshot = dice.integer(copy.log.base.index, index + 1)
      const read = { type: 'row', table: dice.pick(['a', 'b']), key: dice.integer(keys) } as const
      const isConflict = copy.conflict([read], snapshot) !== undefined
      assert.equal(lastWrites.of(read.table, read.key) > snapshot, isConflict)
    }
  }
})
