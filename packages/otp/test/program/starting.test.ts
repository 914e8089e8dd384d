import assert from 'node:assert/strict'
import { chmod, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { atom, Exit, ExitReason, tuple } from '@tiebeam/distribution'
import { waitFor } from '@tiebeam/testing'
import { OtpError, Program, program } from '../../src/index.ts'
import { RecordingLogger } from '../recording-logger.ts'
import { startAlone } from '../start.ts'
import { asProcess, outputOf, script } from './program-node.ts'

async function folder(t: TestContext): Promise<string> {
  const made = await realpath(await mkdtemp(path.join(tmpdir(), 'tiebeam-program-')))
  t.after(() => rm(made, { recursive: true }))
  return made
}

test('arguments reach the program as they are', async (t) => {
  const node = await startAlone(t)
  const args = ['', ' ', 'a b', '*', '$HOME', '"', "'", '\\', '`id`', ';', '-n', '--', '😀', '\t', 'ü']
  const lines = await outputOf(node, script('for arg do printf "<%s>\\n" "$arg"; done', ...args))
  assert.deepEqual(
    lines,
    args.map((arg) => `<${arg}>`),
  )
  assert.deepEqual(await outputOf(node, script('printf "%s" "$1" | wc -l', 'a\nb\nc')), ['2'])
})

test('the environment is added to that of the node, or replaces it', async (t) => {
  const node = await startAlone(t)
  const env = { TIEBEAM_ADDED: "a 'b' $c", 'name.with-dots': '1', HOME: undefined }
  const added = await outputOf(node, { command: 'env', env })
  assert.ok(added.includes("TIEBEAM_ADDED=a 'b' $c"))
  assert.ok(added.includes('name.with-dots=1'))
  assert.ok(added.some((line) => line.startsWith('PATH=')))
  assert.ok(!added.some((line) => line.startsWith('HOME=')))
  assert.deepEqual(await outputOf(node, { command: '/usr/bin/env', env, inheritEnv: false }), [
    "TIEBEAM_ADDED=a 'b' $c",
    'name.with-dots=1',
  ])
})

test('a program runs in its working directory, and its input is empty', async (t) => {
  const node = await startAlone(t)
  const cwd = await folder(t)
  assert.deepEqual(await outputOf(node, { command: 'pwd', cwd }), [cwd])
  assert.deepEqual(await outputOf(node, { command: 'cat' }), [])
})

test('what cannot be started is refused with a reason and advice, and leaves no process behind', async (t) => {
  const node = await startAlone(t)
  const cwd = await folder(t)
  const file = path.join(cwd, 'no-program')
  await writeFile(file, 'text')
  const orphan = path.join(cwd, 'no-interpreter')
  await writeFile(orphan, '#!/no/such/interpreter\n')
  await chmod(orphan, 0o755)
  const { processes } = node.stats()
  const cases = [
    { command: 'no-such-program', code: 'PROGRAM_NOT_FOUND', message: /no program no-such-program in PATH/ },
    { command: 'ls -l', code: 'PROGRAM_NOT_FOUND', message: /split into `command` and `args`/ },
    { command: '/no/such/file', code: 'PROGRAM_NOT_FOUND', message: /There is no file/ },
    { command: orphan, code: 'PROGRAM_NOT_FOUND', message: /the interpreter .* is not/ },
    { command: file, code: 'PROGRAM_NOT_EXECUTABLE', message: /may execute/ },
    { command: cwd, code: 'PROGRAM_NOT_EXECUTABLE', message: /may execute/ },
    { command: 'true', cwd: '/no/such/folder', code: 'PROGRAM_DIRECTORY_INVALID', message: /no directory/ },
    { command: 'true', cwd: file, code: 'PROGRAM_DIRECTORY_INVALID', message: /no directory/ },
    { command: 'true', args: ['x'.repeat(4_000_000)], code: 'PROGRAM_START_FAILED', message: /E2BIG/ },
  ]
  for (const { code, message, ...init } of cases) {
    await assert.rejects(Program.start(node, init), (error: OtpError) => {
      assert.ok(error instanceof OtpError)
      assert.equal(error.code, code)
      assert.match(error.message, message)
      assert.ok(error.cause instanceof Error)
      return true
    })
  }
  await waitFor(() => node.stats().processes === processes)
})

test('a supervisor learns why a child cannot start from the rejection alone', async (t) => {
  const node = await startAlone(t)
  await asProcess(node, async (self) => {
    await assert.rejects(program({ command: 'no-such-program' }).start(self), { code: 'PROGRAM_NOT_FOUND' })
    await assert.rejects(program({ ...script('exit 3'), ready: /./ }).start(self), { code: 'PROGRAM_NOT_READY' })
    await assert.rejects(self.receive({ timeoutMs: 50 }), { code: 'RECEIVE_TIMEOUT' })
  })
})

test('a program with `ready` has started when a line matches', async (t) => {
  const node = await startAlone(t)
  const logger = new RecordingLogger()
  const ready = await Program.start(node, {
    ...script('echo one; echo two >&2; echo listening >&2; sleep 600'),
    ready: /^listen/,
    logger,
  })
  assert.ok(logger.texts('warn').includes('two'))
  await ready.stop()
  const other = await Program.start(node, { ...script('echo up; sleep 600'), ready: ({ text }) => text === 'up' })
  await other.stop()
})

test('a program that is not ready in time, or ends before, has not started, and nothing of it is left', async (t) => {
  const node = await startAlone(t)
  const { processes } = node.stats()
  await assert.rejects(
    Program.start(node, { ...script('sleep 600'), ready: /never/, readyMs: 50 }),
    (error: OtpError) => {
      assert.equal(error.code, 'PROGRAM_NOT_READY')
      assert.match(error.message, /within readyMs \(50 ms\)/)
      return true
    },
  )
  await assert.rejects(Program.start(node, { ...script('exit 7'), ready: /never/ }), (error: OtpError) => {
    assert.match(error.message, /ended \(status 7/)
    assert.ok(error.cause instanceof ExitReason)
    return true
  })
  await waitFor(() => node.stats().processes === processes)
})

test('the process of a program can have a name, which is free again after its end', async (t) => {
  const node = await startAlone(t)
  const first = await Program.start(node, { command: 'sleep', args: ['600'], name: 'sleeper' })
  assert.ok(node.whereis('sleeper')?.equals(first.pid))
  await assert.rejects(Program.start(node, { command: 'true', name: 'sleeper' }), { code: 'NAME_TAKEN' })
  await first.stop()
  await waitFor(() => node.whereis('sleeper') === undefined)
})

test('a program that is told to end before it has started does not start', async (t) => {
  const node = await startAlone(t)
  const starting = Program.start(node, { command: 'sleep', args: ['600'], name: 'sleeper' })
  node.exit(node.whereis('sleeper')!, atom('kill'))
  await assert.rejects(starting, { code: 'PROGRAM_START_FAILED' })
  await node.stop()
  await assert.rejects(Program.start(node, { command: 'true' }), { code: 'NODE_STOPPED' })
})

test('a program that crashes is started anew by its parent', async (t) => {
  const node = await startAlone(t)
  const file = path.join(await folder(t), 'started-before')
  const logger = new RecordingLogger()
  const crashesOnce = script('echo $$; [ ! -e "$1" ] || exec sleep 600; touch "$1"; exit 4', file)
  const child = program({ ...crashesOnce, ready: /\d/, logger })
  const isExit = (message: unknown): message is Exit => message instanceof Exit
  await asProcess(node, async (self) => {
    const first = await child.start(self)
    const exit = await self.receive({ match: isExit })
    assert.ok(exit.from.equals(first))
    assert.deepEqual(exit.reason, tuple(atom('exit_status'), 4))
    const second = await child.start(self)
    self.exit(second, atom('shutdown'))
    assert.equal((await self.receive({ match: isExit })).reason, atom('shutdown'))
  })
  assert.equal(new Set(logger.texts('info').filter((text) => /^\d+$/.test(text))).size, 2)
})
