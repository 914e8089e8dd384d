import assert from 'node:assert/strict'
import { type ChildProcess, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Child, freePort, hasPeer, requirePeer, type Scope, spawnTied, Teardown, waitFor } from '@tiebeam/testing'
import { TiebeamError } from '../../src/errors.ts'
import type { ReleaseInit } from '../../src/release/init.ts'
import { makeRelease } from '../../src/release/shell/release.ts'
import { makeRootfs } from './rootfs.ts'

/** The sources, also when the compiled test runs: a release is made of TypeScript. */
const app = fileURLToPath(new URL('../../../test/release/app/', import.meta.url))
const programs = { control: fileURLToPath(new URL('../../src/control/main.js', import.meta.url)) }

function scratch(scope: Scope): string {
  const folder = mkdtempSync(join(tmpdir(), 'tiebeam-release-'))
  scope.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function filesOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  const files = names.filter((name) => statSync(join(folder, name)).isFile())
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
}

describe('a release', () => {
  let made = ''
  const init: ReleaseInit = { name: 'shop', version: '1.2.0', entry: join(app, 'main.ts'), out: '' }
  const teardown = new Teardown()

  before(async () => {
    made = await makeRelease({ ...init, out: join(scratch(teardown), 'shop') }, programs)
  })
  after(() => teardown.run())

  test('is the same, byte for byte, when it is made again, and keeps its cookie', async (t) => {
    const files = filesOf(made)
    await makeRelease({ ...init, out: made }, programs)
    assert.deepEqual(filesOf(made), files)
    const another = await makeRelease({ ...init, out: join(scratch(t), 'shop') }, programs)
    const { 'releases/COOKIE': cookie, ...rest } = filesOf(another)
    const { 'releases/COOKIE': own, ...ownRest } = files
    assert.deepEqual(rest, ownRest)
    assert.notEqual(cookie, own)
  })

  test('holds a cookie that only its owner can read', () => {
    const file = join(made, 'releases', 'COOKIE')
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.match(readFileSync(file, 'utf8'), /^[\w-]{43}$/)
  })

  test('holds none where it is not wanted', async (t) => {
    const out = await makeRelease({ ...init, out: join(scratch(t), 'shop'), cookie: false }, programs)
    assert.equal(existsSync(join(out, 'releases', 'COOKIE')), false)
  })

  test('replaces no folder that is not one, and leaves nothing beside it', async (t) => {
    const folder = scratch(t)
    writeFileSync(join(folder, 'thesis.txt'), 'years of work')
    await assert.rejects(makeRelease({ ...init, out: folder }, programs), {
      code: 'OPTION_INVALID',
      message: /is there and is not a release, so it is not overwritten/,
    })
    assert.deepEqual(readdirSync(folder), ['thesis.txt'])
  })

  const broken: readonly [what: string, source: string | undefined, message: RegExp][] = [
    ['no entry', undefined, /There is no .*main\.ts: name the program/],
    ['a syntax error', 'const = 1\n', /Expected identifier but found "="[\s\S]*main\.ts:1:6/],
    ['a module that is missing', "import 'not-there'\n", /Could not resolve "not-there"/],
    ['native code', "import './fast.node'\n", /loads native code \(\.\/fast\.node\), which cannot go into a release/],
    ['a loader of native code', "import load from 'bindings'\nload()\n", /loads native code \(bindings\)/],
  ]
  for (const [what, source, message] of broken) {
    test(`is not made of ${what}`, async (t) => {
      const folder = scratch(t)
      const entry = join(folder, 'main.ts')
      if (source !== undefined) writeFileSync(entry, source)
      await assert.rejects(
        makeRelease({ ...init, entry, out: join(folder, 'out') }, programs),
        (error) => error instanceof TiebeamError && message.test(error.message),
      )
      assert.deepEqual(readdirSync(folder), source === undefined ? [] : ['main.ts'])
    })
  }

  test('lets an app have a `require`, `__dirname` and names of its own', async (t) => {
    const folder = scratch(t)
    const entry = join(folder, 'main.ts')
    writeFileSync(join(folder, 'old.cjs'), "module.exports = __dirname + require('node:path').sep\n")
    writeFileSync(
      entry,
      "import { createRequire } from 'node:module'\nimport old from './old.cjs'\nconst require = createRequire(import.meta.url)\n" +
        "console.log(old, require('node:os').EOL.length)\n",
    )
    const out = await makeRelease({ ...init, entry, out: join(folder, 'out') }, programs)
    const { stdout, stderr } = spawnSync(process.execPath, [join(out, 'lib', 'main.js')], { encoding: 'utf8' })
    assert.equal(stdout, `${join(out, 'lib')}/ 1\n`, stderr)
  })

  for (const withNode of [false, true]) {
    const where = withNode ? 'without Node' : 'with Node and no npm'
    test(`runs in a root file system ${where}`, async (t) => {
      if (!requirePeer(t, 'root')) return
      if (!hasPeer('unshare')) return
      const root = makeRootfs(t, { node: !withNode })
      const release = withNode
        ? await makeRelease({ ...init, out: join(scratch(t), 'shop'), withNode }, programs)
        : made
      cpSync(release, join(root, 'app'), { recursive: true })
      const port = String(await freePort())
      const unshare = ['--mount', '--pid', '--fork', '--kill-child', '--root', root, '--mount-proc']
      const environment = { PATH: '/bin', APP_PORT: port }
      // One set of processes, as in a container; the shell stays until its input ends.
      const spawned: ChildProcess = spawnTied('unshare', [...unshare, '/bin/sh'], {
        stdio: ['pipe', 'pipe', 'pipe'],
        env: environment,
      })
      const shell = new Child(t, spawned, 'shell')
      const run = async (line: string, expected: RegExp): Promise<string> => {
        const before = shell.output.length
        spawned.stdin?.write(`${line} 2>&1; echo "status $?."\n`)
        await waitFor(() => /status \d+\./.test(shell.output.slice(before)), {
          what: () => `an answer to ${line}: ${shell.output}`,
        })
        const answer = shell.output.slice(before)
        assert.match(answer, expected, `${line}: ${shell.output}`)
        return answer
      }
      const script = '/app/bin/shop'
      const log = '/app/tmp/log/shop.log'
      const seen = (text: string, times: number) => () =>
        existsSync(join(root, log)) && readFileSync(join(root, log), 'utf8').split(`${text}\n`).length > times

      await run(`${script} version`, /^shop 1\.2\.0\nstatus 0\./)
      await run(`${script} nonsense`, /^Usage: shop[\s\S]*there is no command nonsense\.\nstatus 2\./)
      await run(`${script} pid`, /No app[\s\S]*\nstatus 3\./)
      await run(`${script} daemon one 'two three'`, /^status 0\./)
      await waitFor(seen('started', 1), { what: () => `the app to start: ${logOf(root, log)}` })
      const output = readFileSync(join(root, log), 'utf8')
      assert.match(output, /counter 3\nprogram ready 42\nthread 42\nfile Good morning from a file\.\nmetrics true\n/)
      assert.match(output, /cookie 43 arguments one two three\n/)
      await run(`${script} daemon`, /^shop: it is running already\.\nstatus 1\./)
      const first = /\d+/.exec(await run(`${script} pid`, /^\d+\nstatus 0\./))?.[0]
      await run(`${script} eval '1 + 1'`, /^2\nstatus 0\./)
      await run(`${script} rpc shop.price '"tea"'`, /^3\nstatus 0\./)
      await run(`echo 'app.state' | ${script} remote`, /'ready'[\s\S]*status 0\./)
      await run(`${script} restart`, /^status 0\./)
      await waitFor(seen('started', 2), { what: () => `the restart: ${logOf(root, log)}` })
      const second = /\d+/.exec(await run(`${script} pid`, /^\d+\nstatus 0\./))?.[0]
      assert.notEqual(second, first)
      await run(`${script} stop`, /^status 0\./)
      await run(`${script} pid`, /No app[\s\S]*\nstatus 3\./)
      assert.equal(statSync(join(root, 'app', 'tmp', 'run')).mode & 0o777, 0o700)
      assert.equal(statSync(join(root, log)).mode & 0o777, 0o600)
    })
  }

  test('in the foreground passes a signal on once, and ends as the app does', async (t) => {
    const folder = scratch(t)
    const env = { ...process.env, APP_PORT: String(await freePort()), RELEASE_TMP: join(folder, 'tmp') }
    const script = join(made, 'bin', 'shop')
    const spawned = spawnTied('sh', [script, 'start'], { stdio: ['ignore', 'pipe', 'pipe'], env })
    const child = new Child(t, spawned, 'release')
    await waitFor(() => child.output.includes('started'), { what: () => child.output })
    spawned.kill('SIGTERM')
    assert.deepEqual(await child.exited, { code: 0, signal: null })
    assert.match(child.output, /stops in order, after a signal/)
  })

  test('says what is missing: Node, a readable cookie, a run directory', (t) => {
    const folder = scratch(t)
    mkdirSync(join(folder, 'file'), { recursive: true })
    writeFileSync(join(folder, 'plain'), '')
    const script = join(made, 'bin', 'shop')
    const start = (env: NodeJS.ProcessEnv) =>
      spawnSync('/bin/sh', [script, 'start'], { encoding: 'utf8', env: { PATH: process.env.PATH, ...env } })
    const blocked = start({ TIEBEAM_RUN_DIRECTORY: join(folder, 'plain', 'run') })
    assert.match(blocked.stderr, /the run directory .* cannot be made: set TIEBEAM_RUN_DIRECTORY/)
    assert.equal(blocked.status, 1)
    const tools = join(folder, 'tools')
    mkdirSync(tools)
    for (const tool of ['dirname', 'basename', 'cat']) cpSync(`/usr/bin/${tool}`, join(tools, tool))
    const nodeless = start({ PATH: tools })
    assert.match(nodeless.stderr, /node is not in the PATH/)
    assert.equal(nodeless.status, 127)
  })
})

function logOf(root: string, log: string): string {
  const file = join(root, log)
  return existsSync(file) ? readFileSync(file, 'utf8') : 'no log yet'
}
