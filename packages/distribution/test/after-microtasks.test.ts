import assert from 'node:assert/strict'
import { test } from 'node:test'
import { afterMicrotasks } from '../src/shell/after-microtasks.ts'

test('it comes after promises that this turn sets off, however many follow each other, and before the next turn', async () => {
  const order: string[] = []
  const chain = async (): Promise<void> => {
    for (let step = 0; step < 5; step++) await undefined
    order.push('promises')
  }
  await new Promise<void>((resolve) => {
    setImmediate(() => {
      setImmediate(() => {
        order.push('next turn')
        resolve()
      })
      afterMicrotasks(() => order.push('after'))
      process.nextTick(() => order.push('tick'))
      void chain()
    })
  })
  assert.deepEqual(order, ['tick', 'promises', 'after', 'next turn'])
})
