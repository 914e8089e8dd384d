/** docs/troubleshooting.md quotes messages and codes; each must be one that the code can give. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

const root = new URL('../../', import.meta.url)
const page = readFileSync(new URL('docs/troubleshooting.md', root), 'utf8')
/** First cells of rows, and the text between tables. */
const seen = page
  .split('\n')
  .map((line) => (line.startsWith('|') ? (line.replaceAll('\\|', '¦').split('|')[1] ?? '') : line))
  .join('\n')
/** What Elixir logs is none of ours. */
const foreign = new Set([
  "'global' at node … requested disconnect from node … in order to prevent overlapping partitions",
])

const sources = readdirSync(new URL('packages', root)).flatMap((name) => {
  const folder = new URL(`packages/${name}/src/`, root)
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(new URL(file, folder), 'utf8'))
})
/** All text of the code, with texts joined that are written on several lines, and their variable parts as `…`. */
const text = sources
  .join('\n')
  .replace(/['`] \+\s*['`]/g, '')
  .replace(/\$\{[^{}]*\}/g, '…')

test('every code is one of an error', () => {
  const codes = new Set([...page.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)].map(([, code = '']) => code))
  assert.ok(codes.size > 20)
  const unknown = [...codes].filter((code) => !text.includes(`'${code}'`))
  assert.deepEqual(unknown, [])
})

test('every message is one that the code can give', () => {
  const messages = [...seen.matchAll(/`([^`\n]+)`/g)]
    .map(([, message = '']) => message)
    .filter((message) => message.includes(' ') && !foreign.has(message))
  assert.ok(messages.length > 15)
  const unknown = messages.filter((message) =>
    message.split('…').some((part) => part.trim() !== '' && !text.includes(part.trim())),
  )
  assert.deepEqual(unknown, [])
})

test('every option and method that it names exists', () => {
  const names = [...page.matchAll(/`(?:node\.|cluster\.|groups\.)?([a-z]+[A-Z]\w*)(?:\([^)]*\))?`/g)].map(
    ([, name = '']) => name,
  )
  const foreignNames = new Set([
    'kubectl',
    'publishNotReadyAddresses',
    'hostNetwork',
    'clusterIP',
    'monitorEventLoopDelay',
    'terminationGracePeriodSeconds',
    'heapUsed',
  ])
  const unknown = [...new Set(names)].filter(
    (name) => !foreignNames.has(name) && !new RegExp(`\\b${name}\\b`).test(text),
  )
  assert.deepEqual(unknown, [])
})
