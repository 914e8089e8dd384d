import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { silentLogger } from '@tiebeam/distribution'
import { fromFunction } from '../src/index.ts'
import { TopologyRunner } from '../src/shell/topology-runner.ts'

test('a look-up that has ended leaves nothing behind', async () => {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  const lists: WeakRef<readonly string[]>[] = []
  const strategy = fromFunction(() => {
    const names = ['a@10.0.0.1']
    lists.push(new WeakRef(names))
    return names
  })
  const context = { self: 'b@10.0.0.2', localAddresses: () => [], logger: silentLogger }
  let answered = (): void => {}
  const sink = { listed: () => answered(), failed: (error: unknown) => assert.fail(String(error)) }
  const runner = new TopologyRunner(strategy, context, 60_000, sink)
  for (let count = 0; count < 50; count += 1) {
    const answer = new Promise<void>((resolve) => {
      answered = resolve
    })
    runner.lookUp()
    await answer
  }
  // Not in the turn in which the last was looked at: it holds what a WeakRef has given.
  await setImmediate()
  collectGarbage()
  const kept = lists.filter((list) => list.deref() !== undefined).length
  assert.ok(kept <= 1, `${kept} of ${lists.length} lists are kept`)
  await runner.stop()
})
