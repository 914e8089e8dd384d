/**
 * npm test [-- <package or part of a path> … <options of node --test> …]
 */
import os from 'node:os'
import { members, selectTests, testFiles } from './layout.mjs'
import { root, run } from './processes.mjs'
import { install, ready, runMain } from './ready.mjs'

/** Longer than any test, or file of tests, takes on a slow machine: one that hangs fails instead of holding up CI. */
const testTimeoutMs = 30 * 60_000

await runMain(async () => {
  const args = process.argv.slice(2)
  const filters = args.filter((arg) => !arg.startsWith('-'))
  const options = args.filter((arg) => arg.startsWith('-'))
  const tests = selectTests(testFiles(root), filters)
  if (tests.length === 0) {
    throw new Error(
      `No test matches ${filters.join(' ')}. Name a package (${members(root).join(', ')}) or a part of a path.`,
    )
  }
  const projects = [...new Set(tests.flatMap((test) => test.projects))]
  // Only what was asked for is built: work in one package goes on while another does not compile.
  if (filters.length === 0) await ready()
  else if (projects.length > 0) await ready(projects)
  else await install()

  const concurrency = Math.max(2, os.availableParallelism())
  const defaults = [`--test-concurrency=${concurrency}`, `--test-timeout=${testTimeoutMs}`]
  if (!options.some((option) => option.startsWith('--test-reporter'))) defaults.push('--test-reporter=spec')
  const { status } = await run(process.execPath, ['--test', ...defaults, ...options, ...tests.map((test) => test.file)])
  return status
})
