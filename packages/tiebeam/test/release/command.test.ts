import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Scope } from '@tiebeam/testing'

const main = fileURLToPath(new URL('./command-main.js', import.meta.url))
const templates = fileURLToPath(new URL('../../../templates/new/', import.meta.url))

function folderOfApp(scope: Scope): string {
  const folder = mkdtempSync(join(tmpdir(), 'tiebeam-command-'))
  scope.after(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'package.json'), '{ "name": "@trade/shop", "version": "2.0.1" }')
  writeFileSync(join(folder, 'app.ts'), "const greeting: string = 'hello'\nconsole.log(greeting)\n")
  return folder
}

function tiebeam(cwd: string, args: readonly string[], input = '') {
  return spawnSync(process.execPath, [main, ...args], { cwd, input, encoding: 'utf8' })
}

describe('tiebeam release', () => {
  test('takes name and version from package.json, and says how to start what it made', (t) => {
    const folder = folderOfApp(t)
    const { stdout, stderr } = tiebeam(folder, ['release', 'app.ts'])
    assert.match(
      stdout,
      /^Release shop 2\.0\.1 is made\. Start it with:\n\n {4}release\/shop\/bin\/shop start\n$/,
      stderr,
    )
    const script = join(folder, 'release', 'shop', 'bin', 'shop')
    assert.equal(spawnSync(script, ['version'], { encoding: 'utf8' }).stdout, 'shop 2.0.1\n')
    assert.equal(spawnSync(script, ['start'], { encoding: 'utf8' }).stdout, 'hello\n')
  })

  test('says what is missing', (t) => {
    const folder = folderOfApp(t)
    const { stderr, status } = tiebeam(folder, ['release'])
    assert.match(stderr, /There is no .*src\/main\.ts: name the program/)
    assert.equal(status, 1)
    rmSync(join(folder, 'package.json'))
    assert.match(tiebeam(folder, ['release', 'app.ts']).stderr, /Run this in the folder of the app/)
  })
})

describe('tiebeam manifests', () => {
  const args = ['manifests', '--name', 'shop', '--image', 'shop:1']

  test('generates another cookie each time', (t) => {
    const cookie = () => /cookie: (\S{43})\n/.exec(tiebeam(folder, args).stdout)?.[1]
    const folder = folderOfApp(t)
    const first = cookie()
    assert.ok(first)
    assert.notEqual(cookie(), first)
  })

  test('takes the cookie of a file or of its input', (t) => {
    const folder = folderOfApp(t)
    writeFileSync(join(folder, 'cookie'), 'from-a-file\n')
    assert.match(tiebeam(folder, [...args, '--cookie-from', 'cookie']).stdout, /cookie: from-a-file\n/)
    assert.match(tiebeam(folder, [...args, '--cookie-from', '-'], 'from-input').stdout, /cookie: from-input\n/)
    const missing = tiebeam(folder, [...args, '--cookie-from', 'nowhere'])
    assert.match(missing.stderr, /The cookie cannot be read from nowhere/)
    assert.equal(missing.status, 1)
  })

  test('prints JSON, and some kinds only', (t) => {
    const { stdout } = tiebeam(folderOfApp(t), [...args, '--json', '--only', 'Service,Deployment'])
    const { items } = JSON.parse(stdout) as { items: { kind: string }[] }
    assert.deepEqual(
      items.map(({ kind }) => kind),
      ['Service', 'Deployment'],
    )
  })
})

describe('the Dockerfile of a new app', () => {
  const lines = readFileSync(join(templates, 'Dockerfile'), 'utf8').replaceAll('\\\n', ' ').split('\n')
  const instructions = lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)] as const)

  test('copies from stages that exist', () => {
    const stages = new Set<string>()
    for (const [instruction, text] of instructions) {
      const stage = /^\S+ AS (\S+)$/.exec(text)?.[1]
      if (instruction === 'FROM' && stage !== undefined) stages.add(stage)
      const from = /^--from=(\S+)/.exec(text)?.[1]
      if (instruction === 'COPY' && from !== undefined) assert.ok(stages.has(from), from)
    }
    assert.equal(instructions.filter(([instruction]) => instruction === 'FROM').length, 2)
  })

  test('ends with a user that is not root, by number, as runAsNonRoot needs it', () => {
    const users = instructions.filter(([instruction]) => instruction === 'USER').map(([, text]) => text)
    assert.deepEqual(users, ['65532:65532'])
    const after = instructions.slice(instructions.findIndex(([instruction]) => instruction === 'USER') + 1)
    assert.deepEqual(
      after.map(([instruction]) => instruction),
      ['EXPOSE', 'ENTRYPOINT', 'CMD'],
    )
  })

  test('builds what its last stage starts, with no cookie in the image', (t) => {
    const folder = folderOfApp(t)
    const command = instructions
      .map(([, text]) => /^npx tiebeam (.*)$/.exec(text)?.[1])
      .find((each) => each !== undefined)
    assert.ok(command)
    const args = command.replace('/release', join(folder, 'image')).split(' ')
    const { stderr, status } = tiebeam(folder, [args[0]!, 'app.ts', ...args.slice(1)])
    assert.equal(status, 0, stderr)
    const entry = JSON.parse(instructions.find(([instruction]) => instruction === 'ENTRYPOINT')![1]) as string[]
    const script = entry[0]!.replace('/app', join(folder, 'image'))
    const env = { PATH: '/usr/bin:/bin', TIEBEAM_RUN_DIRECTORY: join(folder, 'run') }
    const started = spawnSync(script, ['start'], { encoding: 'utf8', env })
    assert.equal(started.stdout, 'hello\n', started.stderr)
    assert.equal(existsSync(join(folder, 'image', 'releases', 'COOKIE')), false)
    assert.equal(existsSync(join(folder, 'image', 'runtime', 'bin', 'node')), true)
  })
})
