import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { findProgram } from '@tiebeam/testing'
import { MAIN, run, scratchFolder, tiebeam } from './command-line.ts'

test('help shows the commands and examples, without colours when piped', async () => {
  const { code, stdout } = await tiebeam(['--help'])
  assert.equal(code, 0)
  for (const command of ['new', 'start', 'test', 'shell', 'status', 'nodes', 'ping', 'rpc', 'remote', 'eval', 'stop']) {
    assert.match(stdout, new RegExp(`^ {2}${command}\\b`, 'm'))
  }
  const help = await tiebeam(['rpc', '--help'])
  assert.equal(help.code, 0)
  assert.match(help.stdout, /^Usage: tiebeam rpc [\s\S]*Examples:/)
  assert.match(stdout, /Examples:/)
  assert.ok(!stdout.includes('\u001b'))
})

test('help loads neither the node nor the bundler', async () => {
  // Written at once, for the thread of hooks may not live to print.
  const hooks = `
    import { writeSync } from 'node:fs'
    export const load = (url, context, next) => {
      writeSync(2, url + '\\n')
      return next(url, context)
    }
  `
  const asUrl = (source: string): string => `data:text/javascript,${encodeURIComponent(source)}`
  const hook = asUrl(`import { register } from 'node:module'; register(${JSON.stringify(asUrl(hooks))})`)
  const { stderr } = await run(process.execPath, ['--import', hook, MAIN, '--help'])
  assert.match(stderr, /command\/main\.js/)
  assert.doesNotMatch(stderr, /packages\/(distribution|kernel|cluster|otp|tables|k8s)\/|esbuild|prom-client/)
})

test('an unknown command is an error of usage, with what was probably meant', async () => {
  const { code, stderr } = await tiebeam(['statsu'])
  assert.equal(code, 2)
  assert.match(stderr, /unknown command 'statsu'[\s\S]*Did you mean status\?/)
})

test('an unknown option and a missing argument are errors of usage', async () => {
  assert.equal((await tiebeam(['status', '--wach'])).code, 2)
  assert.equal((await tiebeam(['ping'])).code, 2)
  assert.equal((await tiebeam(['ping', 'a@b', '--epmd-port', 'x'])).code, 2)
})

test('without an app, commands say in one line what to do, and with --verbose where it happened', async (t) => {
  const cwd = scratchFolder(t)
  for (const args of [['remote'], ['eval', '1'], ['stop']]) {
    const { code, stderr, stdout } = await tiebeam(args, { cwd })
    assert.equal(code, 3)
    assert.equal(stdout, '')
    assert.equal(
      stderr,
      'tiebeam: No app runs here: start one in this folder with `tiebeam start`, or give --run-directory.\n',
    )
  }
  assert.match((await tiebeam(['stop', '--verbose'], { cwd })).stderr, /\n {4}at /)
  assert.match((await tiebeam(['stop'], { cwd, env: { TIEBEAM_DEBUG: '1' } })).stderr, /\n {4}at /)
})

test('a folder without a program is told so', async (t) => {
  const { code, stderr } = await tiebeam(['start'], { cwd: scratchFolder(t) })
  assert.equal(code, 2)
  assert.match(stderr, /^tiebeam: There is no src\/main\.ts in this folder: .*tiebeam new.*\n$/)
})

test('new refuses a folder that is not empty, and names that cannot be', async (t) => {
  const cwd = scratchFolder(t)
  mkdirSync(join(cwd, 'shop'))
  writeFileSync(join(cwd, 'shop', 'file'), '')
  const taken = await tiebeam(['new', 'shop'], { cwd })
  assert.equal(taken.code, 2)
  assert.match(taken.stderr, /is not empty/)
  for (const name of ['Shop', '1shop', 'shop.js', 'x'.repeat(65)]) {
    const { code, stderr } = await tiebeam(['new', name], { cwd })
    assert.equal(code, 2, name)
    assert.match(stderr, /cannot be the name of an app/)
  }
})

for (const shell of ['bash', 'zsh', 'fish']) {
  test(`the completion of ${shell} is a script that it takes`, async (t) => {
    const { code, stdout } = await tiebeam(['completion', shell])
    assert.equal(code, 0)
    assert.match(stdout, /status/)
    if (findProgram(shell) === undefined) return t.skip(`needs ${shell}`)
    const checked = await run(shell, shell === 'fish' ? ['--no-execute', '/dev/stdin'] : ['-n'], { input: stdout })
    assert.deepEqual([checked.code, checked.stderr], [0, ''])
  })
}

test('bash completes commands and their options', async (t) => {
  if (findProgram('bash') === undefined) return t.skip('needs bash')
  const { stdout: script } = await tiebeam(['completion', 'bash'])
  const complete = async (...words: string[]) => {
    const line = words.map((word) => `'${word}'`).join(' ')
    const input = `${script}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _tiebeam; echo "\${COMPREPLY[@]}"\n`
    return (await run('bash', [], { input })).stdout.trim()
  }
  assert.equal(await complete('tiebeam', 'st'), 'start status stop')
  assert.equal(await complete('tiebeam', 'status', '--wa'), '--watch')
})

test('a shell without completion is named, with those that have one', async () => {
  const { code, stderr } = await tiebeam(['completion', 'ksh'])
  assert.equal(code, 2)
  assert.match(stderr, /bash, zsh, fish/)
})
