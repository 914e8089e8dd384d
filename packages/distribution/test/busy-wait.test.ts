import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BusyWait } from '../src/busy-wait.ts'

/** What the last of so many arrivals is answered, that came at this interval. */
function afterArrivals(count: number, everyMs: number, awakeMs = 0.2): number | undefined {
  const busyWait = new BusyWait(awakeMs)
  let untilMs: number | undefined
  for (let index = 0; index < count; index++) untilMs = busyWait.arrived(1000 + index * everyMs)
  return untilMs
}

test('in the middle of a conversation it stays awake for a moment after each message', () => {
  assert.equal(afterArrivals(9, 0.25), 1000 + 8 * 0.25 + 0.2)
})

test('a few messages in a row are no conversation', () => {
  assert.equal(afterArrivals(8, 0.25), undefined)
})

test('messages that come now and then never keep it awake', () => {
  assert.equal(afterArrivals(1000, 0.6), undefined)
})

test('a pause ends a conversation', () => {
  const busyWait = new BusyWait(0.2)
  for (let ms = 0; ms < 10; ms += 0.25) busyWait.arrived(ms)
  assert.equal(busyWait.arrived(11), undefined)
})

test('it can be turned off', () => {
  assert.equal(afterArrivals(100, 0.1, 0), undefined)
})
