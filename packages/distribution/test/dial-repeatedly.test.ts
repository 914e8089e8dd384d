import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { dialRepeatedly } from '../src/shell/dial-repeatedly.ts'

interface Dial {
  readonly signal: AbortSignal
  succeed(name: string): void
  fail(error: Error): void
}

/** Dials that end when the test says so, or when they are called off. */
function start(everyMs: number) {
  const dials: Dial[] = []
  const disposed: string[] = []
  const whole = new AbortController()
  const dialOnce = (signal: AbortSignal): Promise<string> =>
    new Promise((resolve, reject) => {
      dials.push({ signal, succeed: resolve, fail: reject })
      signal.addEventListener('abort', () => reject(new Error('called off')))
    })
  const outcome = dialRepeatedly(dialOnce, (late) => disposed.push(late), { everyMs, signal: whole.signal })
  outcome.catch(() => {})
  const begun = async (count: number): Promise<void> => {
    while (dials.length < count) await sleep(1)
  }
  return { dials, disposed, whole, outcome, begun }
}

test('while no dial succeeds or fails another begins, and of those unfinished only the first and the youngest three are kept', async () => {
  const { dials, outcome, begun } = start(2)
  await begun(7)
  const open = dials.filter(({ signal }) => !signal.aborted)
  assert.deepEqual(open, [dials[0], ...dials.slice(-3)])
  open[0]?.succeed('first')
  assert.equal(await outcome, 'first')
  assert.ok(dials.every(({ signal }) => signal.aborted || signal === open[0]?.signal))
  const { length } = dials
  await sleep(20)
  assert.equal(dials.length, length, 'no more dials after the end')
})

test('of two dials that succeed at the same moment the second is disposed of', async () => {
  const { dials, disposed, outcome, begun } = start(2)
  await begun(2)
  dials[0]?.succeed('first')
  dials[1]?.succeed('second')
  assert.equal(await outcome, 'first')
  await sleep(1)
  assert.deepEqual(disposed, ['second'])
})

test('a failure ends all dials, and so does the signal', async () => {
  const failing = start(2)
  await failing.begun(2)
  failing.dials[1]?.fail(new Error('refused'))
  await assert.rejects(failing.outcome, /refused/)
  assert.equal(failing.dials[0]?.signal.aborted, true)

  const aborted = start(2)
  await aborted.begun(2)
  aborted.whole.abort(new Error('enough'))
  await assert.rejects(aborted.outcome, /enough/)
  assert.ok(aborted.dials.every(({ signal }) => signal.aborted))
})
