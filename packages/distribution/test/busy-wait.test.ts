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
  assert.equal(afterArrivals(9, 0.125), 1000 + 8 * 0.125 + 0.2)
})

test('a few messages in a row are no conversation', () => {
  assert.equal(afterArrivals(8, 0.125), undefined)
})

test('messages that come now and then never keep it awake', () => {
  assert.equal(afterArrivals(1000, 0.6), undefined)
})

test('a pause ends a conversation', () => {
  const busyWait = new BusyWait(0.2)
  for (let ms = 0; ms < 10; ms += 0.125) busyWait.arrived(ms)
  assert.equal(busyWait.arrived(11), undefined)
})

test('where messages come too late, it tries now and then whether they come sooner if it stays awake longer', () => {
  const busyWait = new BusyWait(0.2)
  let [awake, nowMs] = [0, 1000]
  for (let count = 0; count < 3 * 1024; count++) {
    nowMs += 0.25
    const untilMs = busyWait.arrived(nowMs)
    if (untilMs === undefined) continue
    assert.equal(untilMs, nowMs + 0.5)
    awake++
  }
  assert.ok(awake > 2 * 16 - 9 && awake <= 3 * 16, `${awake} times`)
  // They do come sooner.
  assert.equal(busyWait.arrived(nowMs + 0.125), nowMs + 0.125 + 0.2)
})

test('where others want the processor, it rests for a while', () => {
  const busyWait = new BusyWait(0.2)
  let nowMs = 0
  for (; nowMs < 10; nowMs += 0.125) busyWait.arrived(nowMs)
  busyWait.begins(nowMs)
  assert.equal(busyWait.looks(nowMs + 0.01), false)
  assert.equal(busyWait.looks(nowMs + 0.02), false)
  assert.equal(busyWait.looks(nowMs + 3), true)
  assert.equal(busyWait.looks(nowMs + 3.01), false)
  nowMs += 3.01
  busyWait.rest(nowMs)
  for (const end = nowMs + 100; nowMs < end; nowMs += 0.125) assert.equal(busyWait.arrived(nowMs), undefined)
  assert.equal(busyWait.arrived(nowMs), nowMs + 0.2)
})

test('it can be turned off', () => {
  assert.equal(afterArrivals(100, 0.1, 0), undefined)
})
