import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anchorsOf, fencesOf, linksOf } from './markdown.mjs'
import { consoleLines, findLines, scriptOf } from './page-script.mjs'

/** @param {readonly string[]} lines ~ stands for a backtick */
const page = (...lines) => `${lines.join('\n').replaceAll('~', '`')}\n`

test('a fence is known by its language, its attributes and its line', () => {
  assert.deepEqual(fencesOf(page('# Title', '', '~~~ts file="a.ts" output', 'one()', '~~~')), [
    { language: 'ts', attributes: { file: 'a.ts', output: '' }, line: 3, text: 'one()\n' },
  ])
  assert.throws(() => fencesOf(page('~~~ts', 'one()')), /line 1: the fence is not closed/)
})

test('a page is one program, until a fence names another; lines keep their numbers', () => {
  const { steps } = scriptOf(
    page('~~~ts', 'a()', '~~~', 'text', '~~~ts', "import 'c'", '~~~', '~~~ts', '// two.ts', "import 'b'", '~~~'),
  )
  assert.deepEqual(
    steps.map((step) => step.kind === 'program' && [step.name, step.source]),
    [
      ['the program', "\na()\n\n\n\nimport 'c'\n"],
      ['two.ts', "\n\n\n\n\n\n\n\n// two.ts\nimport 'b'\n"],
    ],
  )
})

test('a fence that imports again what was imported is a program of its own', () => {
  const { steps } = scriptOf(
    page(
      '~~~ts',
      "import { a, b as c } from 'a'",
      '~~~',
      '~~~ts',
      "import { b } from 'a'",
      '~~~',
      '~~~ts',
      "import { type c } from 'a'",
      '~~~',
    ),
  )
  assert.deepEqual(
    steps.map(({ line }) => line),
    [1, 7],
  )
})

test('commands, consoles, what is typed and what is seen are steps in the order of the page', () => {
  const { steps } = scriptOf(
    page(
      '~~~sh',
      'mkdir \\',
      '  one',
      'X=1 iex --name a@b',
      '~~~',
      '~~~elixir',
      '1 + 1',
      '~~~',
      '~~~text output',
      '2',
      '~~~',
    ),
  )
  assert.deepEqual(steps, [
    { kind: 'commands', line: 1, text: 'mkdir one\n' },
    { kind: 'console', console: 'iex', line: 1, command: 'X=1 iex --name a@b' },
    { kind: 'input', console: 'iex', line: 6, text: '1 + 1\n' },
    { kind: 'output', of: undefined, line: 9, lines: ['2'] },
  ])
})

test('a fence that nothing runs must say why, and is counted', () => {
  assert.throws(() => scriptOf(page('~~~yaml', 'a: 1', '~~~')), /line 1: nothing runs yaml/)
  assert.throws(() => scriptOf(page('~~~sh not-run', 'a', '~~~')), /line 1: not-run wants its reason/)
  assert.deepEqual(scriptOf(page('~~~yaml not-run="needs a Kubernetes"', 'a: 1', '~~~')), {
    steps: [],
    ran: 0,
    notRun: [{ line: 1, language: 'yaml', reason: 'needs a Kubernetes' }],
  })
})

test('expected lines are found in their order, and an ellipsis stands for any characters', () => {
  const seen = ['one', 'two 2 (2)', 'three']
  assert.deepEqual(findLines(['one', 'two … (2)'], seen, new Set()), { found: [0, 1] })
  assert.deepEqual(findLines(['one'], seen, new Set([0])), { missing: 'one' })
  assert.deepEqual(findLines(['two … (3)'], seen, new Set()), { missing: 'two … (3)' })
  assert.deepEqual(findLines(['three', 'one'], seen, new Set()), { missing: 'one' })
})

test('the prompts of iex and erl are no part of their output', () => {
  assert.deepEqual(
    consoleLines('iex(a@127.0.0.1)1> 2\niex(2)> ...(2)> :ok\n(b@127.0.0.1)1> pong\n2> {a,1}\n(not a prompt)'),
    ['2', ':ok', 'pong', '{a,1}', '(not a prompt)'],
  )
})

test('links in code are none, and headings have the anchors that GitHub gives them', () => {
  const text = page('# One & two: `three`', '[a](b.md#c) ~[d](e)~', '~~~text', '[f](g)', '# no', '~~~')
  assert.deepEqual(linksOf(text), ['b.md#c'])
  assert.deepEqual(anchorsOf(text), ['one--two-three'])
})
