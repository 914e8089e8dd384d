import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, tuple } from '@tiebeam/distribution'
import { argumentOf, functionOf } from '../../src/attach/rpc-arguments.ts'
import { sourceOf } from '../../src/attach/source-of.ts'

const terms: readonly [text: string, term: unknown][] = [
  ['1', 1],
  ['-2.5', -2.5],
  ['123456789012345678901', 123456789012345680000],
  ['"tea"', 'tea'],
  ['tea', 'tea'],
  ['green tea', 'green tea'],
  ['true', true],
  ['nil', 'nil'],
  [':tea', atom('tea')],
  [':"green tea"', atom('green tea')],
  ["'Elixir.Enum'", atom('Elixir.Enum')],
  ['[1, 2]', [1, 2]],
  ['[:a, Enum, nil]', [atom('a'), atom('Elixir.Enum'), null]],
  ['{}', {}],
  ['{:price, "tea"}', tuple(atom('price'), 'tea')],
  ['{ok, {1, [2]}}', tuple(atom('ok'), tuple(1, [2]))],
  ['{"a": {"b": [1]}}', { a: { b: [1] } }],
  ['{"a": :b}', { a: atom('b') }],
  [
    '%{a: 1, "b" => 2}',
    new Map<unknown, unknown>([
      [atom('a'), 1],
      ['b', 2],
    ]),
  ],
  ['#{a => 1}', new Map([[atom('a'), 1]])],
  ['{123456789012345678901}', tuple(123456789012345678901n)],
]

for (const [text, term] of terms) {
  test(`the argument ${text} is read`, () => {
    assert.deepEqual(argumentOf(text), term)
  })
}

for (const text of ['{:a', '[1,', '{1 2}', '%{a}', ':', '"a', '{:a} b', '<<1>>', `${'['.repeat(200)}`, '']) {
  test(`the argument ${JSON.stringify(text.slice(0, 10))} is refused, with how to write it`, () => {
    assert.throws(() => argumentOf(text), { code: 'OPTION_INVALID', message: /neither JSON nor a term/ })
  })
}

test('terms survive as source', () => {
  for (const [text, term] of terms) {
    const evaluated: unknown = new Function('atom', 'tuple', `return ${sourceOf(argumentOf(text))}`)(atom, tuple)
    assert.deepEqual(evaluated, term)
  }
  const hostile = { ['__proto__']: 1, '"]: 1 })': 2 }
  assert.deepEqual(new Function(`return ${sourceOf(hostile)}`)(), hostile)
})

test('functions are named with their module', () => {
  assert.deepEqual(functionOf('shop.price'), { module: 'shop', name: 'price' })
  assert.deepEqual(functionOf('lists:sum'), { module: 'lists', name: 'sum' })
  assert.deepEqual(functionOf('Enum.sum'), { module: 'Elixir.Enum', name: 'sum' })
  assert.deepEqual(functionOf("'Elixir.My.App'.run!"), { module: 'Elixir.My.App', name: 'run!' })
  for (const text of ['sum', '.sum', 'Enum.', '', 'a b.c'])
    assert.throws(() => functionOf(text), { code: 'OPTION_INVALID' })
})
