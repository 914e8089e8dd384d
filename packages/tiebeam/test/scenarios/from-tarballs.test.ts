import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Child, findProgram, freePort, loopback, requirePeer, spawnTied, waitFor } from '@tiebeam/testing'
import { cleanEnvironment, run, scratchFolder } from '../command/command-line.ts'

const PACKAGES = fileURLToPath(new URL('../../../../', import.meta.url))
const INSTALL_MS = 120_000

/** Packs what npm would publish, into one folder. */
async function pack(folder: string): Promise<string[]> {
  for (const name of readdirSync(PACKAGES)) {
    const about = JSON.parse(readFileSync(join(PACKAGES, name, 'package.json'), 'utf8')) as { private?: boolean }
    if (about.private === true) continue
    const packed = await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], {
      cwd: join(PACKAGES, name),
    })
    assert.equal(packed.code, 0, packed.stderr)
  }
  return readdirSync(folder).map((file) => join(folder, file))
}

/** Only what Tiebeam depends on comes from the registry. False, and the test is skipped, where that cannot be reached. */
async function install(t: TestContext, cwd: string, tarballs: readonly string[]): Promise<boolean> {
  const args = ['install', '--no-audit', '--no-fund', '--fetch-retries=1', `--fetch-timeout=${INSTALL_MS}`, ...tarballs]
  const { code, stderr } = await run('npm', args, { cwd })
  if (code === 0) return true
  if (!/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|network|socket|E429|E5\d\d/i.test(stderr))
    assert.fail(stderr)
  t.skip('needs the registry of npm, for commander, esbuild and others')
  return false
}

test('from tarballs in an empty folder: a new app, three of it, their status, a release, manifests', async (t) => {
  if (!requirePeer(t, 'loopback')) return
  if (findProgram('npm') === undefined) return t.skip('needs npm')
  const scratch = scratchFolder(t)
  const [tarballFolder, empty] = [join(scratch, 'tarballs'), join(scratch, 'empty')]
  mkdirSync(tarballFolder)
  mkdirSync(empty)
  const tarballs = await pack(tarballFolder)
  if (!(await install(t, empty, tarballs))) return

  const made = await run('npx', ['--no-install', 'tiebeam', 'new', 'shop'], { cwd: empty })
  assert.equal(made.code, 0, made.stderr)
  const cwd = join(empty, 'shop')
  // The packages are not on npm: the app is given them as tarballs, too.
  if (!(await install(t, cwd, tarballs))) return
  const tested = await run('npm', ['test'], { cwd })
  assert.equal(tested.code, 0, tested.stdout + tested.stderr)
  const checked = await run('npm', ['run', 'check'], { cwd })
  assert.equal(checked.code, 0, checked.stdout + checked.stderr)

  const env = { ERL_EPMD_PORT: String(await freePort()), RELEASE_COOKIE: 'secret', TIEBEAM_HTTP_PORT: 'off' }
  const main = join(cwd, 'node_modules/tiebeam/dist/src/command/main.js')
  const names = ['one', 'two', 'three'].map((base, index) => `${base}@${loopback(index + 1)}`)
  const apps = names.map((name) => {
    const child = spawnTied(process.execPath, [main, 'start', '--name', name], {
      cwd,
      env: cleanEnvironment(env),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return new Child(t, child, name)
  })
  await Promise.all(apps.map((app) => app.waitForOutput(/node started/)))
  const tiebeam = (...args: string[]) => run('npx', ['--no-install', 'tiebeam', ...args], { cwd, env })
  const connect = `await Promise.all(${JSON.stringify(names.slice(1))}.map((name) => node.connect(name)))`
  await waitFor(async () => (await tiebeam('eval', connect, '--run-directory', '.tiebeam/run/one')).code === 0, {
    intervalMs: 200,
    what: 'the first app connected to the others',
  })
  const states = names.map((name) => `${name} ready`).sort()
  let seen = ''
  const areReady = async (): Promise<boolean> => {
    const { stdout, stderr } = await tiebeam('status', '--node', names[0] as string, '--json')
    seen = stdout + stderr
    const reports = JSON.parse(stdout || '[]') as { name: string; status?: { state: string } }[]
    return String(reports.map(({ name, status }) => `${name} ${status?.state}`).sort()) === String(states)
  }
  await waitFor(areReady, { intervalMs: 200, what: () => `all three in the status, and ready: ${seen}` })

  const stopped = await tiebeam('stop', '--run-directory', '.tiebeam/run/three')
  assert.equal(stopped.code, 0, stopped.stderr)
  assert.deepEqual(await apps[2]?.exited, { code: 0, signal: null })

  const released = await tiebeam('release')
  assert.equal(released.code, 0, released.stderr)
  const copied = join(scratch, 'elsewhere')
  cpSync(join(cwd, 'release/shop'), copied, { recursive: true })
  const script = join(copied, 'bin/shop')
  const version = await run(script, ['version'])
  assert.match(version.stdout, /^shop \d+\.\d+\.\d+\n$/)
  const release = new Child(t, spawnTied(script, ['start'], { env: cleanEnvironment(env), stdio: 'pipe' }), 'release')
  await release.waitForOutput(/node started/)
  await waitFor(async () => (await run(script, ['eval', 'app.state'])).stdout === "'ready'\n", { intervalMs: 200 })
  assert.equal((await run(script, ['stop'])).code, 0)
  assert.deepEqual(await release.exited, { code: 0, signal: null })

  const manifests = await tiebeam('manifests', '--name', 'shop', '--image', 'shop:1', '--json')
  const { items } = JSON.parse(manifests.stdout) as { items: { kind: string }[] }
  assert.ok(items.some(({ kind }) => kind === 'Deployment'))
})
