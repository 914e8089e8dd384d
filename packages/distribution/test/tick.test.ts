import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StallWatch } from '../src/stall.ts'
import { Ticker, tickPeriodMs } from '../src/tick.ts'

const netTickTimeMs = 60_000
const periodMs = tickPeriodMs(netTickTimeMs)

function ticker() {
  return new Ticker({ netTickTimeMs, nowMs: 0 })
}

test('an idle link is ticked much more often than a peer looks for ticks', () => {
  assert.ok(periodMs <= netTickTimeMs / 8)
  const subject = ticker()
  assert.equal(subject.check({ nowMs: periodMs, receivedBytes: 1, writtenBytes: 0 }), 'tick')
  assert.equal(subject.check({ nowMs: 2 * periodMs, receivedBytes: 2, writtenBytes: 100 }), 'nothing')
  assert.equal(subject.check({ nowMs: 3 * periodMs, receivedBytes: 3, writtenBytes: 100 }), 'tick')
  assert.equal(subject.check({ nowMs: 4 * periodMs, receivedBytes: 4, writtenBytes: 104 }), 'tick')
})

test('a silent peer is dropped after the tick time, and not before', () => {
  const subject = ticker()
  let nowMs = 0
  for (let decision = ''; decision !== 'drop'; ) {
    nowMs += periodMs
    decision = subject.check({ nowMs, receivedBytes: 5, writtenBytes: nowMs })
    assert.ok(nowMs < netTickTimeMs * 2)
  }
  assert.ok(nowMs >= netTickTimeMs && nowMs <= netTickTimeMs + 2 * periodMs, `${nowMs} ms`)
})

test('a patient one waits for a quarter longer, as long as OTP may', () => {
  const subject = new Ticker({ netTickTimeMs, patient: true, nowMs: 0 })
  let nowMs = 0
  while (subject.check({ nowMs, receivedBytes: 0, writtenBytes: nowMs }) !== 'drop') nowMs += periodMs
  assert.ok(nowMs >= 1.25 * netTickTimeMs && nowMs <= 1.25 * netTickTimeMs + 2 * periodMs, `${nowMs} ms`)
})

test('one byte now and then keeps a peer', () => {
  const subject = ticker()
  for (let count = 1; count < 200; count += 1) {
    const receivedBytes = Math.floor(count / 15)
    assert.notEqual(subject.check({ nowMs: count * periodMs, receivedBytes, writtenBytes: count }), 'drop')
  }
})

test('time in which our own event loop was blocked does not count as silence', () => {
  const subject = ticker()
  subject.check({ nowMs: periodMs, receivedBytes: 1, writtenBytes: 0 })
  // Ten minutes late: what the peer sent lies unread in the socket.
  assert.equal(subject.check({ nowMs: 600_000, receivedBytes: 1, writtenBytes: 4 }), 'tick')
  assert.equal(subject.check({ nowMs: 600_000 + periodMs, receivedBytes: 900, writtenBytes: 8 }), 'tick')
})

test('a peer has stalled when bytes wait and none goes for stallMs', () => {
  const watch = new StallWatch({ stallMs: 1_000, periodMs: 250, nowMs: 0 })
  assert.equal(watch.check(250, 10, 1), false)
  assert.equal(watch.check(500, 10, 1), false)
  assert.equal(watch.check(750, 10, 2), false, 'progress starts the time anew')
  assert.equal(watch.check(1_000, 10, 2), false)
  assert.equal(watch.check(9_000, 10, 2), false, 'blocked time does not count')
  assert.equal(watch.check(9_250, 0, 2), false, 'nothing waits')
  for (const nowMs of [9_500, 9_750, 10_000]) assert.equal(watch.check(nowMs, 10, 2), false)
  assert.equal(watch.check(10_250, 10, 2), true)
})
