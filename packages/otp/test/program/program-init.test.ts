import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type OtpError, type ProgramInit, program } from '../../src/index.ts'
import { checkPlatform, environmentOf, programIdOf } from '../../src/program/program-init.ts'

const rejected: readonly [string, object][] = [
  ['an empty command', { command: '' }],
  ['a NUL in the command', { command: 'a\0b' }],
  ['a NUL in an argument', { args: ['a\0b'] }],
  ['an argument that is no string', { args: [1] }],
  ['a NUL in the working directory', { cwd: '/tmp\0' }],
  ['a variable without name', { env: { '': 'x' } }],
  ['a variable with = in its name', { env: { 'a=b': 'x' } }],
  ['a variable with NUL in its value', { env: { a: 'x\0' } }],
  ['a variable that is no string', { env: { a: 1 } }],
  ['an unknown kind of output', { output: 'file' }],
  ['output to nobody', { output: { to: undefined } }],
  ['lines too short for a character', { lineBytesMax: 3 }],
  ['a negative time', { shutdownMs: -1 }],
  ['a time beyond what timers can hold', { shutdownMs: Number.POSITIVE_INFINITY }],
  ['no number', { receiverMessagesMax: '5' }],
]

for (const [what, init] of rejected) {
  test(`${what} is refused before anything is started`, () => {
    assert.throws(
      () => program({ command: 'true', ...init } as ProgramInit),
      (error: OtpError) => error.code === 'OPTION_INVALID',
    )
  })
}

test('the environment is added to that of the node, and undefined removes', () => {
  const inherited = { PATH: '/bin', HOME: '/root' }
  const env = { HOME: undefined, 'A.b-c': '1' }
  assert.deepEqual(environmentOf({ command: 'x', env }, inherited), { PATH: '/bin', 'A.b-c': '1' })
  assert.deepEqual(environmentOf({ command: 'x', env, inheritEnv: false }, inherited), { 'A.b-c': '1' })
})

test('a program is named after its file, unless it has an id', () => {
  assert.equal(programIdOf({ command: '/usr/bin/redis-server' }), 'redis-server')
  assert.equal(programIdOf({ command: 'ffmpeg', id: 'encoder' }), 'encoder')
})

test('a supervisor gives a program more time than the program its group', () => {
  const { id, shutdownMs, type, restart } = program({ command: 'sleep', shutdownMs: 2_000, restart: 'transient' })
  assert.ok(typeof shutdownMs === 'number' && shutdownMs > 2_000)
  assert.deepEqual({ id, type, restart }, { id: 'sleep', type: 'worker', restart: 'transient' })
})

test('on Windows it is said that there are no programs', () => {
  checkPlatform('linux')
  checkPlatform('darwin')
  assert.throws(() => checkPlatform('win32'), { code: 'PROGRAM_UNSUPPORTED' })
})
