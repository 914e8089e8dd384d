import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, Pid, tuple } from '@tiebeam/distribution'
import { Binary } from '@tiebeam/etf'
import { TermMap } from '../../src/groups/term-map.ts'

test('two values are one key exactly when they are the same term', () => {
  const keys: readonly (readonly unknown[])[] = [
    ['text', new TextEncoder().encode('text'), new Binary(new TextEncoder().encode('text'))],
    [atom('text')],
    ['a4:text'],
    [tuple(atom('room'), 1), tuple(atom('room'), 1)],
    [
      ['room', 1],
      ['room', 1],
    ],
    [1, 1n],
    [1.5],
    ['1'],
    [new Pid('a@host', 1, 0, 1), new Pid('a@host', 1, 0, 1)],
    [new Uint8Array([255]), new Binary(new Uint8Array([255]))],
    [''],
    [[]],
    [true, atom('true')],
  ]
  const map = new TermMap<number>()
  for (const [number, same] of keys.entries()) map.set(same[0], number)
  assert.equal(map.size, keys.length)
  for (const [number, same] of keys.entries()) for (const key of same) assert.equal(map.get(key), number, String(key))
  assert.deepEqual(
    [...map.values()].sort((a, b) => a - b),
    keys.map((_, number) => number),
  )
  for (const same of keys) assert.equal(map.delete(same.at(-1)), true)
  assert.equal(map.size, 0)
})
