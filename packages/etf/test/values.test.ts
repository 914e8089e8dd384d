import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import {
  Atom,
  atom,
  atomKeys,
  Binary,
  BitString,
  decode,
  ExportFun,
  encode,
  equals,
  Float,
  Fun,
  ImproperList,
  keyOf,
  LocalTerm,
  Pid,
  Port,
  Reference,
  toObject,
  tuple,
} from '../src/index.ts'

const pid = new Pid('foo@127.0.0.1', 98, 0, 1)
const fun = new Fun({
  arity: 1,
  digest: new Uint8Array(16),
  index: 2,
  module: 'm',
  oldIndex: 2,
  oldUnique: 77,
  pid,
  free: [1],
})

describe('inspect shows', () => {
  const shown: [unknown, string][] = [
    [atom('ok'), ':ok'],
    [atom('Elixir.Enum'), ':"Elixir.Enum"'],
    [atom('two words'), ':"two words"'],
    [tuple(atom('ok'), 1, 'text'), "{:ok, 1, 'text'}"],
    [tuple(), '{}'],
    [pid, '#Pid<foo@127.0.0.1.98.0>'],
    [new Reference('a@b', 7, [1, 2, 3]), '#Ref<a@b.3.2.1>'],
    [new Port('a@b', 5n, 7), '#Port<a@b.5>'],
    [fun, '#Fun<m.2.77>'],
    [new ExportFun('lists', 'map', 2), 'fun lists:map/2'],
    [new ImproperList([1, atom('a')], 3), '[1, :a | 3]'],
    [new BitString(Uint8Array.of(1, 0xe0), 3), '<<1, 7:3>>'],
    [new Float(1), '1.0'],
    [new Float(-0), '-0.0'],
    [new Binary(Buffer.from('hi')), '<<"hi">>'],
    [new Binary(Uint8Array.of(255)), '<<255>>'],
    [new LocalTerm(new Uint8Array(3)), '#LocalTerm<3 bytes>'],
    [{ to: pid, message: tuple(atom('a'), tuple(1)) }, '{ to: #Pid<foo@127.0.0.1.98.0>, message: {:a, {1}} }'],
  ]
  for (const [value, text] of shown) test(text, () => assert.equal(inspect(value), text))

  test('long bytes by their start, and deep tuples by their outside', () => {
    assert.match(inspect(new Binary(new Uint8Array(100).fill(255))), /^<<(255, ){32}… 68 more>>$/)
    assert.equal(inspect(tuple(1, tuple(2, tuple(3))), { depth: 1 }), '{1, {2, {…}}}')
  })
})

describe('equality and keys', () => {
  const same: [string, unknown, unknown][] = [
    ['an integer and the same bigint', 1, 1n],
    ['text and its bytes', 'ä', Buffer.from('ä')],
    ['text and its Binary', 'ä', new Binary(Buffer.from('ä'))],
    ['bytes that are no text', Uint8Array.of(255), new Binary(Uint8Array.of(255))],
    ['an atom and the value it stands for', atom('true'), true],
    [
      'a plain object and the Map of its entries',
      { a: 1, b: [2] },
      new Map<string, unknown>([
        ['b', [2]],
        ['a', 1],
      ]),
    ],
    ['Pids', pid, new Pid('foo@127.0.0.1', 98, 0, 1)],
    ['tuples', tuple(1, tuple('a')), tuple(1n, tuple('a'))],
    ['Dates', new Date(1_000), new Date(1_000)],
    ['a Date and what OTP has of it', new Date(1_000), decode(encode(new Date(1_000)), { decoding: 'exact' })],
    ['Sets in any order', new Set([1, 'a', tuple(2)]), new Set([tuple(2), 'a', 1])],
    ['a Set and what OTP has of it', new Set(['b', 'a']), decode(encode(new Set(['b', 'a'])), { decoding: 'exact' })],
    [
      'bit strings, but for bits that do not count',
      new BitString(Uint8Array.of(0xff), 1),
      new BitString(Uint8Array.of(0x80), 1),
    ],
    ['floats', new Float(1.5), 1.5],
    ['lists of an integer and of the same bigint', [0], [0n]],
  ]
  for (const [name, a, b] of same) {
    test(`${name} are the same term`, () => {
      assert.ok(equals(a, b))
      assert.ok(equals(b, a))
      assert.equal(keyOf(a), keyOf(b))
    })
  }

  const different: [string, unknown, unknown][] = [
    ['an integer and a float', 1, new Float(1)],
    ['0 and -0.0', 0, -0],
    ['text and an atom', 'ok', atom('ok')],
    ['null and undefined', null, undefined],
    ['text and the list of its bytes', 'a', [97]],
    ['a list and a tuple', [1], tuple(1)],
    ['a proper and an improper list', [1, 2], new ImproperList([1], 2)],
    ['pids of two incarnations', pid, new Pid('foo@127.0.0.1', 98, 0, 2)],
    ['a pid and a port', new Pid('a', 1, 0, 0), new Port('a', 1n, 0)],
    ['{1, 2} and {12}', tuple(1, 2), tuple(12)],
    ['["a,1"] and ["a", 1]', ['a,1'], ['a', 1]],
    ['strings of one length', 'abc', 'abd'],
    ['an empty list and an empty map', [], {}],
    ['bit strings of another length', new BitString(Uint8Array.of(0), 1), new BitString(Uint8Array.of(0), 2)],
    ['two funs with other free variables', fun, new Fun({ ...fun, free: [2] })],
    ['references with their words in another order', new Reference('a', 1, [1, 2]), new Reference('a', 1, [2, 1])],
  ]
  for (const [name, a, b] of different) {
    test(`${name} are not the same term`, () => {
      assert.ok(!equals(a, b))
      assert.notEqual(keyOf(a), keyOf(b))
    })
  }

  test('every class has equals and key', () => {
    const values = [
      atom('a'),
      tuple(1),
      pid,
      new Reference('a', 1, [1]),
      new Port('a', 1n, 1),
      fun,
      new ExportFun('m', 'f', 0),
      new ImproperList([1], 2),
      new BitString(Uint8Array.of(0), 1),
      new Float(1),
      new Binary(Uint8Array.of(1)),
      new LocalTerm(Uint8Array.of(1)),
    ]
    for (const value of values) {
      assert.equal(value.key, keyOf(value))
      assert.ok(value.equals(value))
      assert.deepEqual(
        values.filter((other) => value.equals(other)),
        [value],
      )
    }
  })

  test('what has no term has no key, and a cycle ends', () => {
    assert.throws(() => keyOf(() => 1), { code: 'ETF_NO_TERM' })
    assert.throws(() => keyOf([Number.NaN]), { code: 'ETF_NO_TERM' })
    const cycle: unknown[] = []
    cycle.push(cycle)
    assert.throws(() => keyOf(cycle), { code: 'ETF_DEPTH' })
  })

  test('another installed copy of the package makes equal values that can be encoded', async () => {
    const { cpSync, mkdtempSync, rmSync, writeFileSync } = await import('node:fs')
    const { tmpdir } = await import('node:os')
    const { fileURLToPath, pathToFileURL } = await import('node:url')
    const folder = mkdtempSync(`${tmpdir()}/tiebeam-etf-`)
    try {
      cpSync(fileURLToPath(new URL('../src', import.meta.url)), folder, { recursive: true })
      writeFileSync(`${folder}/package.json`, '{"type":"module"}')
      const copy: typeof import('../src/index.ts') = await import(pathToFileURL(`${folder}/index.js`).href)
      const theirs = [copy.atom('x'), copy.tuple(copy.atom('ok'), new copy.Pid('a@b', 1, 2, 3)), new copy.Float(2)]
      const ours = [atom('x'), tuple(atom('ok'), new Pid('a@b', 1, 2, 3)), new Float(2)]
      assert.notEqual(copy.Atom, Atom)
      assert.ok(equals(theirs, ours))
      assert.deepEqual(encode(theirs), encode(ours))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('atoms', () => {
  test('of one name are one object, decoded ones too', () => {
    assert.equal(atom('same'), atom('same'))
    assert.equal(decode(encode(atom('same'))), atom('same'))
    assert.equal(`${atom('same')}`, 'same')
  })

  test('are found in a decoded Map by atom()', () => {
    const map = decode(encode(atomKeys({ name: 'Ada' }))) as Map<unknown, unknown>
    assert.equal(map.get(atom('name')), 'Ada')
  })

  test('have at most 255 characters, counted as OTP does', () => {
    assert.equal(atom('🎉'.repeat(255)).name.length, 510)
    assert.throws(() => atom('a'.repeat(256)), { code: 'ETF_ATOM_LENGTH' })
    assert.throws(() => atom('\ud800'), { code: 'ETF_LONE_SURROGATE' })
  })
})

describe('conversion between plain objects and maps with atom keys', () => {
  test('goes there and back, shallow or deep', () => {
    const object = { name: 'Ada', tags: [{ id: 1 }], inner: { x: null } }
    assert.deepStrictEqual(
      atomKeys(object),
      new Map<Atom, unknown>([
        [atom('name'), 'Ada'],
        [atom('tags'), [{ id: 1 }]],
        [atom('inner'), { x: null }],
      ]),
    )
    assert.deepStrictEqual(toObject(atomKeys(object)), object)
    const deep = atomKeys(object, { deep: true })
    assert.deepStrictEqual((deep.get(atom('tags')) as unknown[])[0], new Map([[atom('id'), 1]]))
    assert.deepStrictEqual(toObject(decode(encode(deep)) as Map<unknown, unknown>, { deep: true }), object)
  })

  test('refuses keys that would be lost or are no names', () => {
    assert.throws(
      () =>
        toObject(
          new Map<unknown, unknown>([
            [atom('a'), 1],
            ['a', 2],
          ]),
        ),
      TypeError,
    )
    assert.throws(() => toObject(new Map([[1, 2]])), TypeError)
    assert.deepStrictEqual(toObject(new Map([[atom('x'), new Map([[1, 2]])]]), { deep: true }), {
      x: new Map([[1, 2]]),
    })
    assert.equal(JSON.stringify(toObject(new Map([['__proto__', 1]]))), '{"__proto__":1}')
  })
})

describe('constructors refuse what is no term', () => {
  test('of floats, bit strings and improper lists', () => {
    assert.throws(() => new Float(Number.NaN), RangeError)
    assert.throws(() => new BitString(Uint8Array.of(1), 8), RangeError)
    assert.throws(() => new BitString(new Uint8Array(0), 1), RangeError)
    assert.throws(() => new ImproperList([], 1), TypeError)
    assert.throws(() => new ImproperList([1], [2]), TypeError)
  })
})
