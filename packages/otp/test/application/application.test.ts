import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Child, freePort, type Scope, spawnTied } from '@tiebeam/testing'
import { Application, ChildStartError, OtpError, workerChild } from '../../src/index.ts'
import { cookie, freshName, startAlone } from '../start.ts'

const PROGRAM = fileURLToPath(new URL('./program.js', import.meta.url))

async function startProgram(t: Scope, scenario: string): Promise<Child> {
  const args = [PROGRAM, scenario, freshName('shop'), String(await freePort())]
  return new Child(t, spawnTied(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] }), scenario)
}

/** What it told on standard output and error. */
function linesOf(program: Child): string[] {
  return program.output.trimEnd().split('\n')
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} stops an application in order, with exit code 0`, async (t) => {
    const program = await startProgram(t, 'obedient')
    await program.waitForOutput(/b starts/)
    program.signal(signal)
    assert.deepEqual(await program.exited, { code: 0, signal: null }, program.output)
    assert.deepEqual(linesOf(program), [
      'a starts',
      'b starts',
      'b stops',
      'b ends',
      'a stops',
      'a ends',
      'listeners 0',
    ])
  })
}

for (const [signal, code] of [
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const) {
  test(`a second signal ends an application at once, with exit code ${code} for ${signal}`, async (t) => {
    const program = await startProgram(t, 'slow')
    await program.waitForOutput(/b starts/)
    program.signal('SIGTERM')
    await program.waitForOutput(/b stops/)
    program.signal(signal)
    assert.deepEqual(await program.exited, { code, signal: null }, program.output)
    assert.match(program.output, /second signal.*application=shop/)
  })
}

test('a stop that takes too long kills what is left, with exit code 1', async (t) => {
  const program = await startProgram(t, 'late')
  await program.waitForOutput(/b starts/)
  program.signal('SIGTERM')
  assert.deepEqual(await program.exited, { code: 1, signal: null }, program.output)
  assert.match(program.output, /does not stop within stopMs/)
})

test('an application that cannot start says why in one message, with exit code 1', async (t) => {
  const program = await startProgram(t, 'failing')
  assert.deepEqual(await program.exited, { code: 1, signal: null }, program.output)
  const why = 'The child storage did not start: The child db did not start: connect ECONNREFUSED 127.0.0.1:5432'
  const messages = linesOf(program).filter((line) => /^\d{4}-.*(warn|error|fatal):/.test(line))
  assert.equal(messages.length, 1, program.output)
  assert.ok(messages[0]?.includes(`fatal: application did not start: ${why} application=shop`), messages[0])
  assert.match(program.output, /cause.*\n.*cause/s)
  assert.match(program.output, /a starts.*a ends/s)
})

test('a signal stops an application that is still starting, with exit code 0', async (t) => {
  const program = await startProgram(t, 'hanging')
  await program.waitForOutput(/hanging starts/)
  program.signal('SIGTERM')
  assert.deepEqual(await program.exited, { code: 0, signal: null }, program.output)
  assert.deepEqual(linesOf(program), ['a starts', 'hanging starts', 'a stops', 'a ends', 'listeners 0'])
})

test('an application whose root supervisor gives up says so, with exit code 1', async (t) => {
  const program = await startProgram(t, 'crashing')
  assert.deepEqual(await program.exited, { code: 1, signal: null }, program.output)
  assert.match(program.output, /warn: child ended, it is restarted.*child=b.*out of luck/)
  assert.match(program.output, /error: supervisor gives up/)
  assert.match(program.output, /fatal: application has failed.*gaveUp/s)
  assert.match(program.output, /a ends/)
})

test('the end of a significant child ends an application, with exit code 0 if it ended well', async (t) => {
  const good = await startProgram(t, 'batch')
  assert.deepEqual(await good.exited, { code: 0, signal: null }, good.output)
  assert.deepEqual(linesOf(good), ['a starts', 'job done', 'a stops', 'a ends', 'listeners 0'])
  const bad = await startProgram(t, 'failing batch')
  assert.deepEqual(await bad.exited, { code: 1, signal: null }, bad.output)
})

test('what keeps running after an application has stopped is ended a second later', async (t) => {
  const program = await startProgram(t, 'busy')
  await program.waitForOutput(/a starts/)
  program.signal('SIGTERM')
  assert.deepEqual(await program.exited, { code: 0, signal: null }, program.output)
  assert.match(program.output, /something keeps the process running.*Timeout/s)
})

test('within another program an application starts and stops without touching signals or the process', async (t) => {
  const listeners = process.listenerCount('SIGTERM')
  const name = freshName('shop')
  const run = (self: { receive(): Promise<unknown> }) => self.receive()
  const application = await Application.start({
    name: 'shop',
    node: { name, cookie, epmd: false, port: await freePort() },
    children: (node) => [workerChild({ id: 'worker', name: `worker_of_${node.name.split('@')[0]}`, run })],
  })
  t.after(() => application.stop())
  assert.deepEqual(application.node.registered(), ['shop_sup', 'worker_of_shop'])
  assert.equal((await application.supervisor.countChildren()).active, 1)
  assert.equal(process.listenerCount('SIGTERM'), listeners)
  await application.stop({ timeoutMs: 60_000 })
  assert.deepEqual(await application.ended, { type: 'stopped' })
  assert.throws(() => application.node.spawn(() => {}), /stopped/)
})

test('an application on a node that was there leaves it running', async (t) => {
  const node = await startAlone(t)
  const application = await Application.start({ name: 'shop', node, children: [] })
  await application.stop()
  assert.deepEqual(node.registered(), [])
  const failing = { id: 'failing', start: () => Promise.reject(new Error('no')) }
  await assert.rejects(Application.start({ name: 'shop', node, children: [failing] }), ChildStartError)
  const abort = Application.start({ name: 'shop', node, children: [] }, { signal: AbortSignal.abort() })
  await assert.rejects(abort, (error) => error instanceof OtpError && error.code === 'SUPERVISOR_STOPPED')
  assert.deepEqual(node.registered(), [])
  const wrong = Application.start({
    name: 'shop',
    node: { name: 'not a name', cookie },
    children: [undefined as never],
  })
  await assert.rejects(wrong, /child is undefined/, 'before the node is started')
  node.spawn(() => {})
})
