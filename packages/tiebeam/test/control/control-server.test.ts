import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { RecordingLogger, waitFor } from '@tiebeam/testing'
import { ControlClient } from '../../src/control/shell/control-client.ts'
import { ControlServer, type ControlServerInit } from '../../src/control/shell/control-server.ts'
import { socketPathOf } from '../../src/control/socket-path.ts'

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'tiebeam-control-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

async function serve(t: TestContext, init: Partial<ControlServerInit> = {}): Promise<ControlServer> {
  const path = init.path ?? socketPathOf(join(folder(t), 'run'))
  const server = await ControlServer.start({ context: { answer: 42 }, stop: async () => {}, ...init, path })
  t.after(() => server.stop())
  return server
}

async function client(t: TestContext, { path }: ControlServer): Promise<ControlClient> {
  const control = await ControlClient.connect(path)
  t.after(() => control.close())
  return control
}

test('only the user can open the socket and its folder', async (t) => {
  const { path } = await serve(t)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.equal(statSync(join(path, '..')).mode & 0o777, 0o700)
})

test('a process of another user cannot connect', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('needs root, to become another user')
  const { path } = await serve(t)
  const source = `require('node:net').connect(${JSON.stringify(path)}).on('error', (e) => console.log(e.code)).on('connect', () => console.log('in'))`
  const { error, stdout } = spawnSync(process.execPath, ['-e', source], { uid: 65534, gid: 65534, encoding: 'utf8' })
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'EACCES') {
    return t.skip('needs a Node that another user may run')
  }
  assert.equal(stdout, 'EACCES\n')
})

test('code is evaluated with the context, with await, and with variables of its own', async (t) => {
  const server = await serve(t)
  const [one, two] = [await client(t, server), await client(t, server)]
  const evaluate = async (control: ControlClient, code: string) => {
    const { id: _, ...answer } = await control.evaluate(code)
    return answer
  }
  assert.deepEqual(await evaluate(one, 'const twice = await Promise.resolve(answer * 2)'), {
    type: 'value',
    text: 'undefined',
  })
  assert.deepEqual(await evaluate(one, 'twice'), { type: 'value', text: '84' })
  assert.deepEqual(await evaluate(one, '{ a: 1 }'), { type: 'value', text: '{ a: 1 }' })
  assert.deepEqual(await evaluate(one, 'let n = 0\nfor (const x of [1, 2])\n  n += x\nn'), { type: 'value', text: '3' })
  assert.deepEqual(await evaluate(one, 'if (true) {'), { type: 'incomplete' })
  assert.deepEqual(await evaluate(one, '_'), { type: 'value', text: '3' })
  const failed = await evaluate(two, 'twice')
  assert.equal(failed.type, 'failed')
  assert.match((failed as { text: string }).text, /^ReferenceError: twice is not defined$/)
  assert.equal((await evaluate(two, 'await Promise.reject(new Error("no"))')).type, 'failed')
  assert.equal((await evaluate(two, 'throw undefined')).type, 'failed')
  assert.equal((await evaluate(two, 'a b')).type, 'failed')
  assert.deepEqual(await evaluate(two, 'answer'), { type: 'value', text: '42' })
})

test('values come as JSON when that is asked for', async (t) => {
  const control = await client(t, await serve(t))
  assert.equal(
    ((await control.evaluate('({ a: [1n, undefined, new Map([["b", 2]])] })', { json: true })) as { text: string })
      .text,
    '{"a":["1",null,{"b":2}]}',
  )
})

test('what code prints, and what it throws later, comes as output', async (t) => {
  const control = await client(t, await serve(t))
  let output = ''
  control.onOutput = (text) => {
    output += text
  }
  await control.evaluate('console.log("hello"); setTimeout(() => { throw new Error("later") }, 1); 1')
  await waitFor(() => output.includes('later'))
  assert.match(output, /^hello\nUncaught Error: later/)
  assert.deepEqual(((await control.evaluate('1 + 1')) as { text: string }).text, '2')
})

test('names are completed', async (t) => {
  const control = await client(t, await serve(t))
  assert.deepEqual(await control.complete('answ'), [['answer'], 'answ'])
})

test('the process is told to stop', async (t) => {
  let stopped = false
  const stop = async (): Promise<void> => {
    stopped = true
  }
  const control = await client(t, await serve(t, { stop }))
  await control.stop()
  await waitFor(() => stopped)
})

test('the socket of a dead process is replaced', async (t) => {
  const path = socketPathOf(join(folder(t)))
  const source = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  await once(spawn(process.execPath, ['-e', source]), 'close')
  assert.ok(existsSync(path))
  const server = await serve(t, { path })
  assert.equal((await (await client(t, server)).about()).pid, process.pid)
})

test('the socket of a process that is alive is not replaced', async (t) => {
  const { path } = await serve(t)
  await assert.rejects(serve(t, { path }), { code: 'RUN_DIRECTORY_UNUSABLE' })
  assert.ok(existsSync(path))
})

test('a file in the way is left alone, and so is a folder that others can enter', async (t) => {
  const path = folder(t)
  writeFileSync(socketPathOf(path), '')
  await assert.rejects(serve(t, { path: socketPathOf(path) }), { code: 'RUN_DIRECTORY_UNUSABLE' })
  const open = folder(t)
  chmodSync(open, 0o755)
  await assert.rejects(serve(t, { path: socketPathOf(open) }), { code: 'RUN_DIRECTORY_UNUSABLE', message: /chmod 700/ })
})

test('a path that is too long for a socket is refused with advice', async (t) => {
  const path = socketPathOf(join(folder(t), 'x'.repeat(100)))
  await assert.rejects(serve(t, { path }), { code: 'RUN_DIRECTORY_UNUSABLE', message: /TIEBEAM_RUN_DIRECTORY/ })
})

for (const [what, bytes] of [
  ['no JSON', 'GET / HTTP/1.1\n'],
  ['JSON of no known kind', '{"id":1,"type":"launch"}\n'],
  ['a line without an end', 'x'.repeat(5_000_000)],
] as const) {
  test(`a client that sends ${what} is told and dropped, and harms nobody`, async (t) => {
    const logger = new RecordingLogger()
    const server = await serve(t, { logger })
    const other = await client(t, server)
    const socket = connect(server.path).on('error', () => {})
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk
    })
    socket.write(bytes)
    await new Promise((resolve) => socket.once('close', resolve))
    if (bytes.length < 1_000) assert.match(answer, /"type":"refused"/)
    assert.equal(((await other.evaluate('answer')) as { text: string }).text, '42')
  })
}

test('a client that floods without reading is held up, and others are served', async (t) => {
  const server = await serve(t)
  const flood = connect(server.path).on('error', () => {})
  t.after(() => flood.destroy())
  for (let id = 0; id < 20_000; id += 1) flood.write(`{"id":${id},"type":"evaluate","code":"'x'.repeat(100000)"}\n`)
  const other = await client(t, server)
  assert.equal(((await other.evaluate('answer')) as { text: string }).text, '42')
})

test('connections beyond the limit are refused', async (t) => {
  const server = await serve(t, { connectionsMax: 1 })
  await (await client(t, server)).about()
  await assert.rejects((await client(t, server)).about(), { code: 'CONTROL_REFUSED' })
})

test('without an app the client says what to do', async (t) => {
  const path = socketPathOf(folder(t))
  await assert.rejects(ControlClient.connect(path), { code: 'APP_NOT_RUNNING', message: /not running/ })
  const dead = createServer().listen(path)
  await once(dead, 'listening')
  dead.close()
})

test('what evaluated code leaves behind, such as a rejection that nobody handles, does not end the process', async (t) => {
  const control = await client(t, await serve(t))
  let output = ''
  control.onOutput = (text) => {
    output += text
  }
  await control.evaluate('Promise.reject(new Error("first")); 1')
  await control.evaluate('setTimeout(async () => { throw new Error("second") }, 1); 1')
  await waitFor(() => output.includes('second'))
  assert.match(output, /first/)
  assert.equal(((await control.evaluate('answer')) as { text: string }).text, '42')
})
