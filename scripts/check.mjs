/** npm run check [-- <name of a check> …]: every check runs, whatever the others say; any failure fails the whole. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { checkFileLength } from './check/file-length.mjs'
import { checkLayering } from './check/layering.mjs'
import { checkLockFiles } from './check/lock-file.mjs'
import { checkPackaging } from './check/packaging.mjs'
import { projects, pruneOutputs } from './layout.mjs'
import { root, runInstalled } from './processes.mjs'
import { install, runMain } from './ready.mjs'

/**
 * A tool's check: its output is the complaint when it fails.
 *
 * @param {string} file
 * @param {readonly string[]} args
 */
const tool = (file, args) => async () => {
  const { status, output } = await runInstalled(file, args, { capture: true, env: { ...process.env, NO_COLOR: '1' } })
  return status === 0 ? [] : [output.trim()]
}

/** Folders of .mjs files, whose types stand in comments. */
const plainScripts = ['scripts', 'docs/test']

/** What `tsc -b` would pass over. */
function unreferencedProjects() {
  /** @type {{ references: { path: string }[] }} */
  const { references } = JSON.parse(readFileSync(path.join(root, 'tsconfig.json'), 'utf8'))
  return projects(root)
    .filter((project) => !references.some((reference) => reference.path === project))
    .map((project) => `${project} is not among the references of tsconfig.json`)
}

/** In this order: packaging looks at what types has compiled. @type {Record<string, () => string[] | Promise<string[]>>} */
const checks = {
  format: tool('@biomejs/biome/bin/biome', ['ci', '--colors=off', '--error-on-warnings', '--linter-enabled=false']),
  lint: tool('@biomejs/biome/bin/biome', ['lint', '--colors=off', '--error-on-warnings']),
  types: async () => {
    const problems = await tool('typescript/bin/tsc', ['-b'])()
    pruneOutputs(root)
    for (const folder of plainScripts) problems.push(...(await tool('typescript/bin/tsc', ['-p', folder])()))
    return [...problems, ...unreferencedProjects()]
  },
  layering: () => checkLayering(root),
  'file length': () => checkFileLength(root),
  'dead code': tool('knip/bin/knip.js', ['--no-progress']),
  'lock file': () => checkLockFiles(root),
  packaging: () => checkPackaging(root),
}

await runMain(async () => {
  const wanted = process.argv.slice(2)
  const unknown = wanted.filter((name) => !checks[name])
  if (unknown.length > 0)
    throw new Error(`No check is named ${unknown.join(', ')}; there are ${Object.keys(checks).join(', ')}`)
  await install()
  let failures = 0
  for (const [name, check] of Object.entries(checks)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    const start = performance.now()
    const problems = await check()
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    console.log(`${problems.length === 0 ? 'ok  ' : 'FAIL'}  ${name.padEnd(11)}  ${seconds} s`)
    for (const problem of problems) console.log(problem.replace(/^/gm, '      '))
    if (problems.length > 0) failures++
  }
  return failures === 0 ? 0 : 1
})
