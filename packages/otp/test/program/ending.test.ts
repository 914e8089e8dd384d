import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { inspect } from 'node:util'
import { atom, Down, Exit, tuple } from '@tiebeam/distribution'
import { waitFor } from '@tiebeam/testing'
import { Program, type ProgramInit, program } from '../../src/index.ts'
import { groupIsAlive } from '../../src/program/shell/group.ts'
import { RecordingLogger } from '../recording-logger.ts'
import { startAlone } from '../start.ts'
import { asProcess, numberIn, script, waitForEndOfGroup } from './program-node.ts'

const SHUTDOWN = atom('shutdown')

async function start(t: TestContext, init: ProgramInit) {
  const node = await startAlone(t)
  const logger = new RecordingLogger()
  return { node, logger, program: await Program.start(node, { logger, ...init }) }
}

const UNWILLING = 'trap "" TERM; echo ready; while :; do sleep 0.1; done'

const ends = [
  { text: 'exit 0', reason: ':normal' },
  { text: 'exit 3', reason: '{:exit_status, 3}' },
  { text: 'exit 137', reason: '{:exit_status, 137}' },
  { text: 'kill -KILL $$', reason: '{:exit_signal, :sigkill}' },
  { text: 'kill -SEGV $$', reason: '{:exit_signal, :sigsegv}' },
]

for (const { text, reason } of ends) {
  test(`the exit reason of a program that does ${text} is ${reason}`, async (t) => {
    const node = await startAlone(t)
    const seen = await asProcess(node, async (self) => {
      const started = await Program.start(node, { ...script(`read -r line; ${text}`), input: 'pipe' })
      const reference = self.monitor(started.pid)
      started.closeInput()
      const down = await self.receive({ match: (m) => (m instanceof Down ? m : undefined) })
      assert.ok(down.reference.equals(reference))
      const end = await started.exited
      assert.deepEqual(end.reason, down.reason)
      return down.reason
    })
    assert.equal(inspect(seen), reason)
  })
}

test('stop ends a program by SIGTERM, and its process with shutdown', async (t) => {
  const { node, program, logger } = await start(t, {
    ...script('trap "echo bye; exit 5" TERM; echo ready; while :; do sleep 0.05; done'),
    ready: /ready/,
  })
  assert.deepEqual(await program.stop(), { status: 5, signal: undefined, reason: SHUTDOWN })
  assert.ok(logger.texts('info').includes('bye'))
  await waitFor(() => !node.isAlive(program.pid))
  assert.deepEqual(await program.stop(), { status: 5, signal: undefined, reason: SHUTDOWN })
})

test('an exit signal ends a program in order, with the reason it brings', async (t) => {
  const { node, program } = await start(t, { command: 'sleep', args: ['600'] })
  const reason = tuple(SHUTDOWN, 'maintenance')
  node.exit(program.pid, reason)
  assert.deepEqual(await program.exited, { status: undefined, signal: 'SIGTERM', reason })
})

test('a linked process that ends normally leaves the program alone, one that fails ends it', async (t) => {
  const { node, program } = await start(t, { command: 'sleep', args: ['600'] })
  await asProcess(node, async (self) => self.link(program.pid))
  assert.ok(node.isAlive(program.pid))
  node.spawn((self) => {
    self.link(program.pid)
    throw new Error('why')
  })
  const end = await program.exited
  assert.match(inspect(end.reason), /:javascript, 'Error', 'why'/)
})

test('a program that ignores SIGTERM is killed after shutdownMs', async (t) => {
  const { program, logger } = await start(t, { ...script(UNWILLING), ready: /ready/, shutdownMs: 300 })
  const before = performance.now()
  const end = await program.stop()
  assert.ok(performance.now() - before >= 290)
  assert.deepEqual(end, { status: undefined, signal: 'SIGKILL', reason: SHUTDOWN })
  assert.equal(logger.texts('warn').filter((text) => text.includes('did not end within shutdownMs')).length, 1)
})

test('a program that is stopped (SIGSTOP) still sees SIGTERM', async (t) => {
  const { program, logger } = await start(t, {
    ...script('trap "echo bye; exit" TERM; echo ready; while :; do sleep 0.05; done'),
    ready: /ready/,
  })
  process.kill(program.osPid, 'SIGSTOP')
  await program.stop()
  assert.ok(logger.texts('info').includes('bye'))
})

test('a kill of the process kills the whole group at once', async (t) => {
  const { node, program } = await start(t, {
    ...script(`sh -c '${UNWILLING}' & wait`),
    ready: /ready/,
    shutdownMs: 600_000,
  })
  node.exit(program.pid, atom('kill'))
  await waitForEndOfGroup(program.osPid)
  assert.equal((await program.exited).signal, 'SIGKILL')
})

test('the end of the node kills the group', async (t) => {
  const { node, program } = await start(t, { command: 'sleep', args: ['600'] })
  await node.stop()
  await waitForEndOfGroup(program.osPid)
  await program.exited
})

test('grandchildren end with the program, also those that ignore SIGTERM', async (t) => {
  const { program, logger } = await start(t, {
    ...script(`sleep 600 & sh -c '${UNWILLING}' & echo $!; exec sleep 600`),
    ready: /ready/,
    shutdownMs: 300,
  })
  const child = numberIn(await waitFor(() => logger.texts('info').find((text) => /^\d+$/.test(text))))
  process.kill(child, 0)
  assert.deepEqual(await program.stop(), { status: undefined, signal: 'SIGTERM', reason: SHUTDOWN })
  assert.equal(await groupIsAlive(program.osPid), false)
})

test('what a program leaves behind in its group has ended before its process ends', async (t) => {
  const { program, logger } = await start(t, { ...script('sleep 600 & sleep 600 & exit 3') })
  const end = await program.exited
  assert.equal(inspect(end.reason), '{:exit_status, 3}')
  assert.equal(await groupIsAlive(program.osPid), false)
  assert.ok(logger.texts('info').some((text) => text.includes('left processes')))
})

test('what has left the group goes on, and does not hold up the end', async (t) => {
  const detach = `${process.execPath} -e "const p = require('child_process').spawn('sleep', ['600'], { detached: true, stdio: 'inherit' }); console.log(p.pid); p.unref()"`
  const { program, logger } = await start(t, script(`${detach}; exit 0`))
  const end = await program.exited
  assert.equal(end.reason, atom('normal'))
  const daemon = numberIn(logger.texts('info').find((text) => /^\d+$/.test(text)))
  t.after(() => process.kill(daemon, 'SIGKILL'))
  assert.ok(process.kill(daemon, 0))
  assert.ok(logger.texts('warn').some((text) => text.includes('dropped')))
})

test("the program leads a session of its own, so a terminal's Ctrl-C does not reach it", async (t) => {
  const { program, logger } = await start(t, { ...script('ps -o pgid= -o sid= -p $$; sleep 600'), ready: /\d/ })
  const [group, session] = (logger.texts('info').find((text) => /^\s*\d+\s+\d+$/.test(text)) ?? '').trim().split(/\s+/)
  assert.equal(Number(group), program.osPid)
  if (process.platform === 'linux') assert.equal(Number(session), program.osPid)
  await program.stop()
})

test('a supervisor that shuts a program down sees shutdown, and has nothing left of it', async (t) => {
  const node = await startAlone(t)
  const logger = new RecordingLogger()
  await asProcess(node, async (self) => {
    const pid = await program({ ...script(UNWILLING), ready: /ready/, shutdownMs: 200, logger }).start(self)
    const osPid = logger.lines.find((line) => line.text === 'program started')?.fields.osPid as number
    self.exit(pid, SHUTDOWN)
    const exit = await self.receive({ match: (m) => (m instanceof Exit ? m : undefined) })
    assert.equal(exit.reason, SHUTDOWN)
    assert.equal(await groupIsAlive(osPid), false)
  })
})
