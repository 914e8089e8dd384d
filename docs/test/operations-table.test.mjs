/** The table of options in docs/operations.md is complete, and its defaults are those of the code. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { limitsOf } from '../../packages/distribution/dist/src/node-init.js'

const page = readFileSync(new URL('../operations.md', import.meta.url), 'utf8')
const source = readFileSync(new URL('../../packages/distribution/src/node-init.ts', import.meta.url), 'utf8')

/** Option → default, of the first table of the page. */
const documented = new Map(
  [...page.matchAll(/^\| `(\w+)` \| ([^|]+) \|/gm)].map(([, option = '', value = '']) => [
    option,
    value.replaceAll('`', '').trim(),
  ]),
)

test('every option of a node is in the table, and no other', () => {
  const [, body = ''] = /export interface NodeInit \{\n([\s\S]*?)\n\}/.exec(source) ?? []
  const options = [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name)
  assert.deepEqual([...documented.keys()].sort(), options.sort())
})

test('the defaults of the table are those of the code', () => {
  const limits = Object.entries(limitsOf({ name: 'a@127.0.0.1', cookie: 'secret' }))
  assert.ok(limits.length >= 10)
  for (const [option, value] of limits) assert.equal(documented.get(option), String(value), option)
})
