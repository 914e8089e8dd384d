import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, Pid, tuple } from '@tiebeam/distribution'
import { Binary } from '@tiebeam/etf'
import { termKey } from '../../src/groups/term-key.ts'

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
    [`\0${termKey(1).slice(1)}`],
    ['\0'],
    [[]],
    [true, atom('true')],
  ]
  for (const same of keys) for (const each of same) assert.equal(termKey(each), termKey(same[0]), String(each))
  assert.equal(new Set(keys.map(([first]) => termKey(first))).size, keys.length)
})
