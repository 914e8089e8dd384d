import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Member } from '../../src/member.ts'
import { Copy } from '../../src/replica/copy.ts'
import type { Entry } from '../../src/replica/entry.ts'
import { Rules } from '../../src/replica/rules.ts'
import { replicaDefaults } from '../../src/replica/settings.ts'
import { Standing } from '../../src/replica/standing.ts'
import { Writer } from '../../src/replica/writer.ts'
import { Store } from '../../src/store/store.ts'

const self: Member = { node: 'writer@10.0.0.1', creation: 1, uid: 'writer' }

class Bench {
  readonly standing = new Standing({ self, settings: replicaDefaults, rules: new Rules() })
  readonly copy = new Copy('one', new Store())
  readonly sent: number[] = []
  readonly writer = new Writer({
    standing: this.standing,
    send: ({ sequence }) => this.sent.push(sequence),
    orphans: [],
  })

  constructor() {
    this.standing.view = { identity: 'one', epoch: 1, primary: 'other', members: [self] }
  }

  write(call: number): void {
    this.writer.transact({ type: 'transact', call, snapshot: 0, reads: [], writes: [] })
  }

  apply(sequence: number): void {
    const body = { type: 'transaction', origin: { uid: self.uid, sequence, settled: 0 }, writes: [] } as const
    this.writer.applied([{ epoch: 1, index: sequence, body } satisfies Entry])
  }

  /** What is sent when so much time has passed. */
  after(ms: number): number[] {
    this.sent.length = 0
    this.standing.nowMs += ms
    this.writer.tick(this.copy)
    return [...this.sent]
  }
}

test('what waits behind others on a slow link is not sent again as long as those get through', () => {
  const bench = new Bench()
  for (const call of [1, 2, 3]) bench.write(call)
  assert.deepEqual(bench.after(900), [])
  bench.apply(1)
  assert.deepEqual(bench.after(900), [])
  bench.apply(2)
  assert.deepEqual(bench.after(900), [])
  assert.deepEqual(bench.after(200), [3])
})

test('what was lost is sent again, though what went after it gets through', () => {
  const bench = new Bench()
  bench.write(1)
  bench.after(100)
  for (const call of [2, 3, 4]) bench.write(call)
  bench.after(100)
  bench.apply(2)
  bench.after(600)
  bench.apply(3)
  assert.deepEqual(bench.after(300), [1])
})
