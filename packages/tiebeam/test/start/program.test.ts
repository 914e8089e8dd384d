import assert from 'node:assert/strict'
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Child } from '@tiebeam/testing'
import { startApp, started } from './app-process.ts'

/** What the program told itself, without its log. */
function told(program: Child): string[] {
  return program.output
    .trimEnd()
    .split('\n')
    .filter((line) => !line.startsWith('{') && !line.startsWith('started'))
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} stops an app in order, with exit code 0`, async (t) => {
    const program = await startApp(t, 'ordered')
    await started(program)
    program.signal(signal)
    assert.deepEqual(await program.exited, { code: 0, signal: null }, program.output)
    const order = ['a starts', 'b starts', 'unready', 'leave', 'drain', 'b ends', 'a ends', 'disconnect']
    assert.deepEqual(told(program), order)
    assert.match(program.output, /"signal":"SIG(TERM|INT)".*"msg":"The app has stopped\."/s)
  })
}

for (const [signal, code] of [
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const) {
  test(`a second signal ends an app at once, with exit code ${code} for ${signal}`, async (t) => {
    const program = await startApp(t, 'slow')
    await started(program)
    program.signal('SIGTERM')
    await program.waitForOutput(/drains/)
    program.signal(signal)
    assert.deepEqual(await program.exited, { code, signal: null }, program.output)
    assert.match(program.output, /second signal/)
  })
}

test('a stop that takes longer than stopMs is cut off, with exit code 1', async (t) => {
  const program = await startApp(t, 'slow', { environment: { TIEBEAM_STOP_MS: '300' } })
  await started(program)
  program.signal('SIGTERM')
  assert.deepEqual(await program.exited, { code: 1, signal: null }, program.output)
  assert.match(program.output, /cut off after stopMs/)
})

test('an app whose root supervisor gives up ends with exit code 1', async (t) => {
  const program = await startApp(t, 'crashing')
  assert.deepEqual(await program.exited, { code: 1, signal: null }, program.output)
  assert.match(program.output, /"level":"fatal".*root supervisor has ended/)
  assert.deepEqual(told(program).slice(-1), ['a ends'])
})

test('a signal stops an app that is still starting, with exit code 0', async (t) => {
  const program = await startApp(t, 'hanging')
  await program.waitForOutput(/hanging starts/)
  program.signal('SIGTERM')
  assert.deepEqual(await program.exited, { code: 0, signal: null }, program.output)
  assert.match(program.output, /has stopped while it started/)
})

test('an app that cannot start says why, with exit code 1, and stops what was started', async (t) => {
  const program = await startApp(t, 'failing')
  assert.deepEqual(await program.exited, { code: 1, signal: null }, program.output)
  assert.match(program.output, /The child db did not start: connect ECONNREFUSED/)
  assert.match(program.output, /a starts.*a ends/s)
})

test('wrong settings end the program with exit code 1 and one message, before anything is started', async (t) => {
  const program = await startApp(t, 'plain', { environment: { TIEBEAM_DRAIN_MS: 'soon', TIEBEAM_LOG_LEVEL: 'loud' } })
  assert.deepEqual(await program.exited, { code: 1, signal: null }, program.output)
  assert.match(program.output, /2 settings are wrong:\n- TIEBEAM_DRAIN_MS is "soon".*\n- TIEBEAM_LOG_LEVEL is "loud"/)
  assert.doesNotMatch(program.output, /the-cookie-of-the-shop|"level"/)
})

test('start() runs on loopback alone, with the cookie of the user', async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'tiebeam-home-'))
  t.after(() => rm(home, { recursive: true }))
  const environment = { HOME: home, RELEASE_COOKIE: '', RELEASE_NAME: '', POD_IP: '10.1.2.3' }
  const program = await startApp(t, 'empty', { cwd: home, environment })
  assert.equal((await started(program)).name, 'app@127.0.0.1')
  const cookieFile = join(home, '.erlang.cookie')
  assert.equal(statSync(cookieFile).mode & 0o777, 0o400)
  assert.ok(!program.output.includes(readFileSync(cookieFile, 'utf8')), 'the cookie is not logged')
  if (process.platform === 'linux') {
    const addresses = listeningAddresses(program.pid)
    assert.equal(addresses.length, 3, `EPMD, distribution, and HTTP: ${addresses.join(' ')}`)
    assert.deepEqual([...new Set(addresses)], ['127.0.0.1'])
  }
})

/** The addresses at which a process listens, as Linux lists them: `0100007F:1F90`. */
function listeningAddresses(pid: number): string[] {
  const folder = `/proc/${pid}/fd`
  const inodes = new Set(
    readdirSync(folder).map((descriptor) => /^socket:\[(\d+)\]$/.exec(readlinkSync(join(folder, descriptor)))?.[1]),
  )
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => state === '0A' && inodes.has(inode))
      .map(([, local = '']) => addressOf(local.split(':')[0] ?? '')),
  )
}

function addressOf(hexadecimal: string): string {
  return hexadecimal.length === 8 ? [...Buffer.from(hexadecimal, 'hex').reverse()].join('.') : hexadecimal
}
