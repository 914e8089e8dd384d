/** Every example of the manual and of the READMEs does what the page says. The rules are in docs/test/README.md. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { requirePeer } from '@tiebeam/testing'
import { filesBelow } from '../../scripts/layout.mjs'
import { root, runInstalled } from '../../scripts/processes.mjs'
import { anchorsOf, linksOf } from './markdown.mjs'
import { scriptOf } from './page-script.mjs'

/** @typedef {import('./page-script.mjs').PageScript} PageScript */

/** Pages whose fences are for people who work on Tiebeam: commands of the repository, which its own scripts' tests cover. */
const linksOnly = new Set(['CONTRIBUTING.md', 'CHANGELOG.md', 'ARCHITECTURE.md', 'docs/test/README.md'])

const pages = filesBelow(root).filter(
  (file) => file.endsWith('.md') && !file.split('/').some((part) => part.startsWith('.')),
)
/** Templates of apps are tested where apps are made of them. */
const examplePages = pages.filter((page) => !linksOnly.has(page) && !page.includes('/templates/'))
const read = (/** @type {string} */ page) => readFileSync(path.join(root, page), 'utf8')

/** Below the repository, so that its packages resolve; a folder for each run, so that two may run at once. */
const output = path.join(root, 'docs/dist')
/** @type {string} */
let compiled
/** @type {Map<string, PageScript>} */
const scripts = new Map()
let compilation = { status: -1, output: '' }

const programFile = (/** @type {string} */ page, /** @type {number | ''} */ line) =>
  `${page.replace(/\.md$/, '').replaceAll('/', '.')}.line-${line}`

before(async () => {
  for (const page of examplePages) scripts.set(page, scriptOf(read(page)))
  mkdirSync(output, { recursive: true })
  compiled = mkdtempSync(path.join(output, 'examples-'))
  const programs = [...scripts].flatMap(([page, { steps }]) =>
    steps.flatMap((step) =>
      step.kind === 'program' ? [{ file: programFile(page, step.line), source: step.source }] : [],
    ),
  )
  for (const { file, source } of programs) writeFileSync(path.join(compiled, `${file}.ts`), source)
  writeFileSync(
    path.join(compiled, 'tsconfig.json'),
    JSON.stringify({
      extends: '../../../tsconfig.base.json',
      compilerOptions: {
        ...{ composite: false, declaration: false, declarationMap: false, inlineSources: true },
        ...{ noUnusedLocals: false, noUnusedParameters: false },
      },
      include: ['*.ts'],
    }),
  )
  compilation = await runInstalled('typescript/bin/tsc', ['-p', compiled], { capture: true })
})

after(() => rmSync(compiled, { recursive: true, force: true }))

test('every link between the pages leads somewhere', () => {
  const broken = pages.flatMap((page) =>
    linksOf(read(page))
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => {
        const [file = '', anchor] = link.split('#')
        const target = file === '' ? page : path.join(path.dirname(page), file)
        if (!existsSync(path.join(root, target))) return true
        return anchor !== undefined && !anchorsOf(read(target)).includes(anchor)
      })
      .map((link) => `${page}: ${link}`),
  )
  assert.deepEqual(broken, [])
})

test('every example says whether it is run, and most are', (t) => {
  const all = [...scripts.values()]
  const ran = all.reduce((sum, script) => sum + script.ran, 0)
  const notRun = all.reduce((sum, script) => sum + script.notRun.length, 0)
  t.diagnostic(`${ran} examples of ${all.length} pages are run, ${notRun} are not`)
  assert.ok(ran > 4 * notRun, `${notRun} of ${ran + notRun} examples are not run`)
})

for (const page of examplePages) {
  test(`what ${page} shows happens as it says`, async (t) => {
    const script = /** @type {PageScript} */ (scripts.get(page))
    t.diagnostic(`${script.ran} examples run, ${script.notRun.length} not`)
    for (const { line, language, reason } of script.notRun)
      t.diagnostic(`not run: ${language} of line ${line}: ${reason}`)
    if (/127\.0\.0\.(?!1\b)/.test(read(page)) && script.ran > 0 && !requirePeer(t, 'loopback')) return
    for (const step of script.steps) {
      if (step.kind === 'console' && !requirePeer(t, step.console === 'iex' ? 'elixir' : 'erl')) return
      if (step.kind === 'commands' && step.text.includes('openssl') && !requirePeer(t, 'openssl')) return
    }
    const faults = compilation.output.split('\n').filter((line) => line.includes(`/${programFile(page, '')}`))
    assert.deepEqual(faults, [], 'the examples are correct TypeScript')
    if (script.ran === 0) return
    await follow(page, script)
  })
}

/**
 * The command `tiebeam`, and what apps made by it import.
 *
 * @param {string} scratch
 */
function installCommand(scratch) {
  symlinkSync(path.join(root, 'node_modules'), path.join(scratch, 'node_modules'))
  mkdirSync(path.join(scratch, 'bin'))
  const main = path.join(root, 'packages/tiebeam/dist/src/command/main.js')
  writeFileSync(path.join(scratch, 'bin/tiebeam'), `#!/bin/sh\nexec node '${main}' "$@"\n`, { mode: 0o755 })
}

/**
 * A page's programs and commands run in a process of their own.
 *
 * @param {string} page
 * @param {PageScript} script
 */
async function follow(page, { steps }) {
  const scratch = realpathSync(mkdtempSync(path.join(tmpdir(), 'tiebeam-docs-')))
  try {
    const plan = path.join(scratch, 'plan.json')
    const withPrograms = steps.map((step) =>
      step.kind === 'program' ? { ...step, compiled: path.join(compiled, `${programFile(page, step.line)}.js`) } : step,
    )
    writeFileSync(plan, JSON.stringify({ steps: withPrograms }))
    const [program, ...args] = [...ownNetwork(), process.execPath, path.join(root, 'docs/test/page-run.mjs'), plan]
    installCommand(scratch)
    // HOME, because erl writes its cookie file there.
    const env = {
      ...process.env,
      PATH: `${path.join(scratch, 'bin')}${path.delimiter}${process.env.PATH}`,
      HOME: scratch,
      // Seconds that nodes of OTP have to connect, instead of 7: on a machine that does much else at the time, TLS takes longer.
      ERL_AFLAGS: '-kernel net_setuptime 120',
      TERM: 'dumb',
      NO_COLOR: '1',
      FORCE_COLOR: undefined,
      NODE_OPTIONS: undefined,
      // A test that a page runs is not one of these.
      NODE_TEST_CONTEXT: undefined,
    }
    const child = spawn(/** @type {string} */ (program), args, {
      cwd: scratch,
      env,
      stdio: ['ignore', 'inherit', 'pipe'],
    })
    let complaint = ''
    child.stderr.setEncoding('utf8').on('data', (text) => {
      complaint += text
    })
    const status = await new Promise((resolve) => child.on('close', resolve))
    assert.equal(status, 0, `${page}, ${complaint}`)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/**
 * On Linux a page gets a network of its own, with an EPMD of its own on 4369, and nothing it started outlives it.
 * Elsewhere it uses the machine's.
 */
function ownNetwork() {
  const command = ['unshare', '--user', '--map-root-user', '--net', '--pid', '--fork', '--kill-child']
  const [program = '', ...args] = command
  if (spawnSync(program, [...args, 'ip', 'link', 'set', 'lo', 'up']).status !== 0) return []
  return [...command, 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh']
}
