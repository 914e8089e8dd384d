import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { atom, tuple } from '@tiebeam/distribution'
import {
  ABANDON_MS,
  Lifecycle,
  type LifecycleEffect,
  type LifecycleEvent,
  OUTPUT_END_MS,
  POLL_MS,
  TIMEOUT,
} from '../../src/program/lifecycle.ts'

const SHUTDOWN = atom('shutdown')
const succeeded: LifecycleEvent = { type: 'exited', exit: { status: 0, signal: undefined } }
const failed: LifecycleEvent = { type: 'exited', exit: { status: 3, signal: undefined } }
const killed: LifecycleEvent = { type: 'exited', exit: { status: undefined, signal: 'SIGKILL' } }
const stop: LifecycleEvent = { type: 'stop', reason: SHUTDOWN }
const gone: LifecycleEvent = { type: 'groupChecked', alive: false }
const alive: LifecycleEvent = { type: 'groupChecked', alive: true }
const outputEnded: LifecycleEvent = { type: 'outputEnded' }

/** A lifecycle that has gone through these events, and what the last one led to, in short. */
function after(...events: LifecycleEvent[]) {
  const lifecycle = new Lifecycle({ readyMs: undefined, shutdownMs: 500 })
  return { lifecycle, effects: play(lifecycle, { type: 'spawned' }, ...events) }
}

function play(lifecycle: Lifecycle, ...events: LifecycleEvent[]): string[] {
  return (
    events
      .map((event) => lifecycle.handle(event))
      .at(-1)
      ?.map(inShort) ?? []
  )
}

function inShort(effect: LifecycleEffect): string {
  switch (effect.type) {
    case 'signal':
      return effect.signal
    case 'startTimer':
      return `${effect.name} in ${effect.ms}`
    case 'cancelTimer':
      return `no ${effect.name}`
    case 'note':
      return effect.note
    case 'end':
      return `end ${inspect(effect.end.reason)}`
    default:
      return effect.type
  }
}

const timer = (name: Extract<LifecycleEvent, { type: 'timer' }>['name']): LifecycleEvent => ({ type: 'timer', name })
const drained = ['no grace', 'no poll', 'no abandon', 'releaseGuard']

test('a program that ends by itself ends when its group is gone and its output is read', () => {
  assert.deepEqual(after().effects, ['started'])
  assert.deepEqual(after(succeeded).effects, ['no ready', 'checkGroup'])
  assert.deepEqual(after(succeeded, gone).effects, [...drained, `output in ${OUTPUT_END_MS}`])
  assert.deepEqual(after(succeeded, gone, outputEnded).effects, ['no output', 'end :normal'])
  assert.deepEqual(after(outputEnded, succeeded, gone).effects, [...drained, 'end :normal'])
  assert.deepEqual(after(outputEnded, failed, gone).effects, [...drained, 'end {:exit_status, 3}'])
  assert.deepEqual(after(outputEnded, killed, gone).effects, [...drained, 'end {:exit_signal, :sigkill}'])
})

test('output that does not end is dropped in the end', () => {
  assert.deepEqual(after(succeeded, gone, timer('output')).effects, ['dropOutput', 'end :normal'])
})

test('a program that is told to stop gets SIGTERM, and ends with the reason it was given', () => {
  assert.deepEqual(after(stop).effects, ['no ready', 'hurryOutput', 'SIGTERM', 'grace in 500'])
  assert.deepEqual(after(stop, outputEnded, failed, gone).effects, [...drained, 'end :shutdown'])
})

test('the first reason to stop counts', () => {
  const { lifecycle, effects } = after(stop, { type: 'stop', reason: atom('other') })
  assert.deepEqual(effects, ['hurryOutput'])
  assert.deepEqual(play(lifecycle, outputEnded, failed, gone).at(-1), 'end :shutdown')
})

test('a program that does not heed SIGTERM gets SIGKILL, once', () => {
  const { lifecycle, effects } = after(stop, timer('grace'))
  const kill = ['no ready', 'no grace', 'hurryOutput', 'SIGKILL', `abandon in ${ABANDON_MS}`]
  assert.deepEqual(effects, ['unwilling', ...kill])
  assert.deepEqual(play(lifecycle, { type: 'kill' }), [])
  assert.deepEqual(play(lifecycle, outputEnded, killed, gone).at(-1), 'end :shutdown')
})

test('what a program leaves behind in its group is ended before the process ends', () => {
  const { lifecycle, effects } = after(outputEnded, succeeded, alive)
  assert.deepEqual(effects, ['leftBehind', 'SIGTERM', 'grace in 500', `poll in ${POLL_MS}`])
  assert.deepEqual(play(lifecycle, timer('poll')), ['checkGroup'])
  assert.deepEqual(play(lifecycle, alive), [`poll in ${POLL_MS}`])
  assert.deepEqual(play(lifecycle, timer('grace')).slice(0, 4), ['unwilling', 'no ready', 'no grace', 'hurryOutput'])
  assert.deepEqual(play(lifecycle, gone), [...drained, 'end :normal'])
})

test('members of a stopped group that outlive the program have the rest of its time', () => {
  assert.deepEqual(after(stop, succeeded, alive).effects, [`poll in ${POLL_MS}`])
})

test('what not even SIGKILL ends is left alone after a while', () => {
  const { lifecycle, effects } = after(outputEnded, { type: 'kill' }, timer('abandon'))
  assert.deepEqual(effects, ['unkillable', ...drained, 'end {:exit_signal, :sigkill}'])
  assert.deepEqual(play(lifecycle, killed), [])
  assert.deepEqual(play(lifecycle, stop), [])
})

test('a program that was killed is not asked to stop any more', () => {
  assert.deepEqual(after({ type: 'kill' }, stop).effects, ['hurryOutput'])
})

test('a program that must say that it is ready has started when it does', () => {
  const lifecycle = new Lifecycle({ readyMs: 100, shutdownMs: 500 })
  assert.deepEqual(play(lifecycle, { type: 'spawned' }), ['ready in 100'])
  assert.deepEqual(play(lifecycle, { type: 'ready' }), ['no ready', 'started'])
  assert.deepEqual(play(lifecycle, { type: 'ready' }), [])
  assert.deepEqual(play(lifecycle, timer('ready')), [])
})

test('a program that is not ready in time is stopped', () => {
  const lifecycle = new Lifecycle({ readyMs: 100, shutdownMs: 500 })
  const effects = play(lifecycle, { type: 'spawned' }, timer('ready'))
  assert.deepEqual(effects, ['no ready', 'hurryOutput', 'SIGTERM', 'grace in 500'])
  assert.equal(play(lifecycle, outputEnded, succeeded, gone).at(-1), `end ${inspect(TIMEOUT)}`)
})

test('late events change nothing', () => {
  const { lifecycle } = after(outputEnded, succeeded, gone)
  for (const event of [
    succeeded,
    gone,
    alive,
    stop,
    { type: 'kill' } as const,
    ...(['grace', 'poll', 'abandon', 'output'] as const).map(timer),
  ]) {
    assert.deepEqual(play(lifecycle, event), [], JSON.stringify(event))
  }
})

test('a reason may be any term', () => {
  const reason = tuple(SHUTDOWN, 'because')
  const { lifecycle } = after({ type: 'stop', reason }, outputEnded, failed)
  assert.deepEqual(lifecycle.handle(gone).at(-1), { type: 'end', end: { status: 3, signal: undefined, reason } })
})
