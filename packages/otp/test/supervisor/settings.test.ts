import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type ChildSpec,
  DynamicSupervisor,
  OtpError,
  Supervisor,
  type SupervisorInit,
  workerChild,
} from '../../src/index.ts'
import { RestartIntensity } from '../../src/supervisor/restart-intensity.ts'
import { startAlone } from '../start.ts'

const child = (init: object = {}): ChildSpec => ({ id: 'a', start: () => assert.fail('nothing is started'), ...init })

const BAD: readonly (readonly [string, object, RegExp])[] = [
  ['a strategy', { strategy: 'one_for_one' }, /strategy is 'one_for_one'.*'oneForOne', 'oneForAll', 'restForOne'/],
  ['restartsMax', { restartsMax: -1 }, /restartsMax is -1.*whole number/],
  ['requestsMax', { requestsMax: 1.5 }, /requestsMax is 1.5.*whole number/],
  ['withinMs', { withinMs: 0 }, /withinMs is 0.*above 0/],
  ['autoShutdown', { autoShutdown: 'always' }, /autoShutdown is 'always'.*'never'/],
  ['children', { children: child() }, /children.*list/],
  ['a child', { children: [undefined] }, /child is undefined/],
  ['ids', { children: [child(), child()] }, /id is 'a'.*unique/],
  ['an id', { children: [child({ id: '' })] }, /id is ''/],
  ['start', { children: [child({ start: 'me' })] }, /start of child a is 'me'/],
  ['restart', { children: [child({ restart: 'always' })] }, /restart of child a is 'always'.*'permanent'/],
  ['shutdownMs', { children: [child({ shutdownMs: -1 })] }, /shutdownMs of child a is -1.*'brutalKill'/],
  ['shutdownMs', { children: [child({ shutdownMs: 2 ** 31 })] }, /shutdownMs/],
  ['type', { children: [child({ type: 'server' })] }, /type of child a is 'server'.*'worker', 'supervisor'/],
  ['significant', { children: [child({ significant: true, restart: 'permanent' })] }, /restart of child a/],
  [
    'significant',
    { children: [child({ significant: true, restart: 'temporary' })] },
    /autoShutdown is 'never'.*child a/,
  ],
]

test('an option that is wrong is refused by its name, with what is allowed, and nothing is started', async (t) => {
  const node = await startAlone(t)
  for (const [what, init, pattern] of BAD) {
    const isRefusal = (error: unknown) => {
      assert.ok(error instanceof OtpError, what)
      assert.equal(error.code, 'OPTION_INVALID')
      assert.match(error.message, pattern)
      return true
    }
    const full = { children: [child()], ...init } as unknown as SupervisorInit
    await assert.rejects(Supervisor.start(node, full), isRefusal)
    assert.throws(() => Supervisor.child({ id: 'nested', ...full }), isRefusal)
  }
  await assert.rejects(DynamicSupervisor.start(node, { childrenMax: 0.5 }), /childrenMax is 0.5/)
  const tree = await Supervisor.start(node, { children: [] })
  await assert.rejects(tree.startChild(child({ restart: 'always' })), /restart of child a is 'always'/)
  await assert.rejects(
    tree.startChild(workerChild({ id: 'a', run: () => {}, restart: 'temporary', significant: true })),
    /autoShutdown/,
  )
  assert.deepEqual(await tree.whichChildren(), [])
})

test('restarts count as long as they lie within the window', () => {
  const intensity = new RestartIntensity(2, 1000)
  assert.deepEqual(
    [0, 500, 1001, 1600].map((nowMs) => intensity.add(nowMs)),
    [true, true, true, true],
  )
  assert.equal(intensity.add(2000), false)
  assert.equal(intensity.add(4000), true)
  assert.equal(new RestartIntensity(0, 1000).add(0), false)
  const many = new RestartIntensity(10, 100)
  for (let nowMs = 0; nowMs < 100_000; nowMs += 10) assert.equal(many.add(nowMs), nowMs < 100)
})
