import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { silentLogger } from '@tiebeam/distribution'
import { Child, findProgram, spawnTied, waitFor } from '@tiebeam/testing'
import { Program } from '../../src/index.ts'
import { guardArguments } from '../../src/program/guard-script.ts'
import { groupIsAlive, signalGroup } from '../../src/program/shell/group.ts'
import { Guard } from '../../src/program/shell/guard.ts'
import { RecordingLogger } from '../recording-logger.ts'
import { startAlone } from '../start.ts'
import { numberIn, script, waitForEndOfGroup } from './program-node.ts'

const UNWILLING = 'trap "" TERM; echo unwilling; while :; do sleep 0.1; done'

/** Starts a node with a program in a process of its own; resolves when the program has printed a line. */
async function startGuarded(t: TestContext, text: string, shutdownMs: number) {
  const file = fileURLToPath(new URL('./guarded-node.js', import.meta.url))
  const child = new Child(t, spawnTied(process.execPath, [file, String(shutdownMs), text]), 'the node')
  const [, group] = await child.waitForOutput(/group (\d+)/)
  t.after(() => signalGroup(Number(group), 'SIGKILL'))
  await child.waitForOutput(/program: /)
  return { child, group: Number(group) }
}

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  test(`when the node is ended by ${signal}, its program is too`, async (t) => {
    const { child, group } = await startGuarded(t, 'echo ready; sleep 600 & sleep 600', 60_000)
    assert.equal(await groupIsAlive(group), true)
    child.signal(signal)
    await child.exited
    // By SIGTERM, and so long before shutdownMs.
    await waitForEndOfGroup(group)
  })
}

test('when the node is killed, what ignores SIGTERM is killed after shutdownMs, grandchildren included', async (t) => {
  const { child, group } = await startGuarded(t, `sh -c '${UNWILLING}' & ${UNWILLING}`, 3_000)
  const killed = performance.now()
  child.signal('SIGKILL')
  await child.exited
  assert.equal(await groupIsAlive(group), true)
  await waitForEndOfGroup(group)
  const tookMs = performance.now() - killed
  assert.ok(tookMs > 2_700, `${tookMs} ms`)
})

test('when the node is killed, a stopped program is ended, too', async (t) => {
  const { child, group } = await startGuarded(t, 'echo ready; while :; do sleep 0.1; done', 60_000)
  process.kill(group, 'SIGSTOP')
  child.signal('SIGKILL')
  await waitForEndOfGroup(group)
})

async function startGuard(t: TestContext, init: { shutdownMs?: number; shell?: string } = {}) {
  const logger = new RecordingLogger()
  const guard = await Guard.start({ shutdownMs: 60_000, logger, ...init })
  t.after(() => guard.release())
  return { guard, logger, osPid: numberIn(String(guard.osPid)) }
}

function isRunning(osPid: number): Promise<boolean> {
  // A guard leads a group of its own.
  return groupIsAlive(osPid)
}

test('a guard ends when it is released, and leaves the group alone', async (t) => {
  const sleeper = new Child(t, spawnTied('sleep', ['600'], { detached: true }), 'sleep')
  const { guard, osPid } = await startGuard(t)
  guard.watch(sleeper.pid)
  guard.release()
  await waitFor(async () => !(await isRunning(osPid)))
  assert.equal(sleeper.running, true)
})

test('a guard is not impressed by the signals of a terminal, and ends when its program could not be started', async (t) => {
  const { guard, osPid } = await startGuard(t)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) process.kill(osPid, signal)
  assert.equal(await isRunning(osPid), true)
  guard.release()
  await waitFor(async () => !(await isRunning(osPid)))
})

test('a guard that was killed is replaced, and the program goes on', async (t) => {
  const sleeper = new Child(t, spawnTied('sleep', ['600'], { detached: true }), 'sleep')
  const { guard, logger, osPid } = await startGuard(t)
  guard.watch(sleeper.pid)
  process.kill(osPid, 'SIGKILL')
  await waitFor(async () => guard.osPid !== osPid && (await isRunning(guard.osPid as number)))
  assert.deepEqual(logger.texts('warn'), ['the guard of a program has ended; another one takes its place'])
  assert.equal(sleeper.running, true)
})

test('without a shell there is no guard, which is an error that says what to do', async () => {
  const starting = Guard.start({ shutdownMs: 1, logger: silentLogger, shell: '/no/such/shell' })
  await assert.rejects(starting, (error: Error & { code?: string }) => {
    assert.equal(error.code, 'PROGRAM_GUARD_FAILED')
    assert.match(error.message, /option `guard`/)
    return true
  })
})

test('a program without a guard is started and stopped all the same', async (t) => {
  const node = await startAlone(t)
  const program = await Program.start(node, { ...script('exec sleep 600'), guard: false })
  assert.equal((await program.stop()).signal, 'SIGTERM')
})

const shells = [
  ['dash'],
  ['bash'],
  ['bash', '--posix'],
  ['busybox', 'sh'],
  ['ksh'],
  ['zsh', '--emulate', 'sh'],
] as const

for (const [name, ...options] of shells) {
  const shell = findProgram(name)
  const skip = shell === undefined && `${name} is not installed`
  test(`the guard works in ${[name, ...options].join(' ')}`, { skip }, async (t) => {
    const program = new Child(t, spawnTied('sh', ['-c', UNWILLING], { detached: true }), 'the program')
    await program.waitForOutput(/unwilling/)
    const guard = new Child(t, spawnTied(shell as string, [...options, ...guardArguments(300)]), 'the guard')
    guard.process.stdin?.end(`${program.pid}\n`)
    assert.deepEqual(await program.exited, { code: null, signal: 'SIGKILL' })
    await guard.exited
    assert.equal(guard.output, '')
  })
}
