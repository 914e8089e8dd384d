/** The table of settings in docs/configuration.md says what the code says. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { settingDefinitions } from '../../packages/tiebeam/dist/src/index.js'

const page = readFileSync(new URL('../configuration.md', import.meta.url), 'utf8')

const code = (/** @type {unknown} */ text) => `\`${text}\``

const rows = Object.entries(settingDefinitions).map(([name, { environment, default: value, allowed, description }]) => {
  const variables = environment.map(code).join(', ')
  return `| ${code(name)} | ${variables} | ${value === undefined ? '–' : code(value)} | ${allowed} | ${description} |`
})

test('the table of settings has a row for each setting, in their order, as the code has it', () => {
  const documented = page.split('\n').filter((line) => /^\| `\w+` \| `[A-Z]/.test(line))
  assert.deepEqual(documented, rows)
})
