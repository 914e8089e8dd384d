/** Programs below real supervisors, and output to real Erlang processes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { atom } from '@tiebeam/distribution'
import { Child, requirePeer, spawnTied, waitFor } from '@tiebeam/testing'
import { type OtpError, Program, program, Supervisor } from '../../src/index.ts'
import { RecordingLogger } from '../recording-logger.ts'
import { startAlone, startWithPeer } from '../start.ts'
import { script, waitForEndOfGroup } from './program-node.ts'

function osPids(logger: RecordingLogger): number[] {
  return logger.lines.filter(({ text }) => text === 'program started').map(({ fields }) => Number(fields.osPid))
}

test('a supervisor restarts a program that was killed, and ends it when it stops itself', async (t) => {
  const node = await startAlone(t)
  const logger = new RecordingLogger()
  const children = [program({ command: 'sleep', args: ['600'] })]
  const supervisor = await Supervisor.start(node, { children, logger })
  const [first] = osPids(logger)
  process.kill(first as number, 'SIGKILL')
  await waitFor(() => osPids(logger).length === 2)
  await supervisor.stop()
  for (const osPid of osPids(logger)) await waitForEndOfGroup(osPid)
})

test('a supervisor whose program cannot be started fails with the cause intact', async (t) => {
  const node = await startAlone(t)
  const starting = Supervisor.start(node, { children: [program({ command: 'no-such-program' })] })
  await assert.rejects(starting, (error: OtpError) => {
    assert.equal(error.code, 'CHILD_START_FAILED')
    assert.equal((error.cause as OtpError).code, 'PROGRAM_NOT_FOUND')
    return true
  })
})

test('a supervisor that is stopped while a program gets ready does not wait for that', async (t) => {
  const node = await startAlone(t)
  const logger = new RecordingLogger()
  const sleeper = program({ command: 'sleep', args: ['600'], ready: /never/, readyMs: 600_000 })
  const starting = Supervisor.start(node, { children: [sleeper], logger, name: 'top' })
  await waitFor(() => osPids(logger).length === 1)
  node.exit(node.whereis('top')!, atom('shutdown'))
  await assert.rejects(starting)
  await waitForEndOfGroup(osPids(logger)[0] as number)
})

test('output reaches an Erlang process, and an exit signal from there ends the program', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { node, erl, peer } = await startWithPeer(t)
  await erl.evaluate('register(reader, self())')
  const program = await Program.start(node, {
    ...script('echo "grüße"; printf rest >&2; exec 2>&-; exec sleep 600'),
    output: { to: { name: 'reader', node: peer } },
  })
  const receiveLine = 'receive {program_line, P, S, L, E} when is_pid(P) -> Pid = P, {S, L, E} end'
  assert.equal(
    await erl.evaluate(receiveLine.replace('S, L, E} when', 'stdout, L, E} when').replace('{S,', '{stdout,')),
    '{stdout,<<"grüße"/utf8>>,eol}',
  )
  assert.equal(
    await erl.evaluate('receive {program_line, Pid, stderr, Rest, End} -> {Rest, End} end'),
    '{<<"rest">>,noeol}',
  )
  await erl.evaluate('exit(Pid, shutdown)')
  assert.equal((await program.exited).reason, atom('shutdown'))
})

test('in a container where Node is process 1, zombies in the group do not hold up the end', async (t) => {
  if (!requirePeer(t, 'root', 'unshare')) return
  const file = fileURLToPath(new URL('./orphan-maker.js', import.meta.url))
  const args = ['--pid', '--fork', '--mount-proc', '--kill-child', process.execPath, file]
  const child = new Child(t, spawnTied('unshare', args), 'process 1')
  await child.waitForOutput(/process 1: ended with status 0/)
  await child.exited
})
