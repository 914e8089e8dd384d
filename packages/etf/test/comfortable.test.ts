import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Atom, atom, type Binary, Decoder, decode, Encoder, encode, Float, tuple } from '../src/index.ts'
import { annotated } from './annotated.ts'

function read(wire: string, init = {}): unknown {
  return decode(Buffer.concat([Buffer.of(131), annotated(wire)]), init)
}

describe('comfortable decoding loses no key of a map', () => {
  test('1 and 1.0 are both keys: the float stays a Float', () => {
    const map = read("74 00000002 61 01 77 01 'a' 46 3ff0000000000000 77 01 'b'") as Map<unknown, unknown>
    assert.equal(map.get(1), atom('a'))
    assert.deepStrictEqual([...map.keys()], [1, new Float(1)])
  })

  test('0.0 and -0.0 as keys stay apart, though JavaScript has one key 0 for both', () => {
    const map = read('74 00000002 46 0000000000000000 61 01 46 8000000000000000 61 02') as Map<unknown, unknown>
    assert.deepStrictEqual(
      [...map.entries()],
      [
        [new Float(0), 1],
        [new Float(-0), 2],
      ],
    )
    assert.deepEqual(decode(encode(map), { decoding: 'exact' }), map)
  })

  test('{1} and {1.0} as keys look the same: the later one is kept in its exact form', () => {
    const bytes = Buffer.concat([
      Buffer.of(131),
      annotated("74 00000003 68 01 61 01 77 01 'a' 68 01 46 3ff0000000000000 77 01 'b' 61 07 77 01 'c'"),
    ])
    const map = decode(bytes) as Map<unknown, unknown>
    assert.deepStrictEqual([...map.keys()], [tuple(1), tuple(new Float(1)), 7])
    assert.deepEqual(encode(map), bytes)
  })

  test('the same complex key in two forms is a duplicate also after a look-alike', () => {
    const wire = '74 00000003 68 01 61 01 6a 68 01 46 3ff0000000000000 6a 68 01 46 3ff0000000000000 6a'
    assert.throws(() => read(wire), { code: 'ETF_DUPLICATE_KEY' })
  })

  test('a binary that is no text is a key as bytes, and the map is a Map in the order of the wire', () => {
    const map = read("74 00000003 6d 00000002 '10' 61 01 6d 00000001 '2' 61 02 6d 00000001 ff 61 03") as Map<
      unknown,
      unknown
    >
    assert.deepStrictEqual(
      [...map.entries()],
      [
        ['10', 1],
        ['2', 2],
        [Uint8Array.of(255), 3],
      ],
    )
  })

  test('__proto__ is a key like others, the only one or among others', () => {
    for (const text of ['{"__proto__":{"polluted":1}}', '{"a":1,"__proto__":{"polluted":1},"b":2}']) {
      const value = JSON.parse(text)
      const again = decode(encode(value)) as { polluted?: unknown }
      assert.equal(JSON.stringify(again), text)
      assert.equal(Object.getPrototypeOf(again), Object.prototype)
      assert.equal(again.polluted, undefined)
    }
  })

  test('keys that objects of Object.prototype have are keys like others', () => {
    const value = { constructor: 1, toString: 2, hasOwnProperty: 3, valueOf: 4 }
    const decoder = new Decoder()
    // Often enough for objects of this shape to be made by a compiled builder.
    for (let round = 0; round < 100; round++) assert.deepStrictEqual(decode(encode(value), decoder), value)
  })
})

describe('text', () => {
  test('of every character up to U+0FFF, short and long, arrives as it was', () => {
    for (let code = 0; code < 0x1000; code++) {
      const character = String.fromCodePoint(code)
      for (const text of [
        character,
        `a${character}`,
        `${character}é${character}`,
        character.repeat(9),
        `${character}x`.repeat(20),
      ]) {
        assert.equal(decode(encode(text)), text)
      }
    }
  })

  test('that is broken anywhere is bytes, not a string with other characters', () => {
    const broken = [
      'c3',
      'c328',
      'c080',
      'c1bf',
      '61c3',
      'c3a9c3',
      'c3a980',
      'eda080',
      'f5808080',
      'e282',
      'ff',
      `${'61'.repeat(30)}c3`,
    ]
    for (const digits of broken) {
      const bytes = Buffer.from(digits, 'hex')
      const term = Buffer.concat([annotated('83 6d 000000'), Buffer.of(bytes.length), bytes])
      assert.deepStrictEqual(decode(term), Uint8Array.from(bytes), digits)
    }
    assert.equal(decode(encode('\ufffd')), '\ufffd')
  })
})

describe('objects of the same keys', () => {
  test('are the same however often they were seen, with values of every kind', () => {
    const decoder = new Decoder()
    for (let round = 0; round < 200; round++) {
      const value = {
        id: round,
        name: `n${round}`,
        'no-name': [round / 7],
        nested: { id: null, deep: { x: round % 2 === 0 } },
      }
      const again = decode(encode(value), decoder)
      assert.deepStrictEqual(again, value)
      assert.deepEqual(Object.keys(again as object), Object.keys(value))
    }
  })

  test('do not mix with those that share only their first keys, or have them in another order', () => {
    const decoder = new Decoder()
    const shapes = [
      { a: 1 },
      { a: 1, b: 2 },
      { b: 2, a: 1 },
      { a: 1, b: 2, c: 3 },
      { a: 1, bb: 2 },
      {},
      { '': 1 },
      { ä: 1, 你: 2 },
    ]
    for (let round = 0; round < 100; round++) {
      for (const shape of shapes) {
        const again = decode(encode(shape), decoder)
        assert.deepStrictEqual(again, shape)
        assert.deepEqual(Object.keys(again as object), Object.keys(shape))
      }
    }
  })

  test('as dictionaries of ever new keys are decoded right while the memory of keys is bounded', () => {
    const decoder = new Decoder()
    const encoder = new Encoder()
    for (let round = 0; round < 3_000; round++) {
      const value = Object.fromEntries(Array.from({ length: 5 }, (_, index) => [`k${round * 31 + index}`, index]))
      encoder.writeTerm(value)
      assert.deepStrictEqual(decoder.readTerm(encoder.take()), value)
    }
    const large = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`key ${index}`, index]))
    assert.deepStrictEqual(decode(encode(large), decoder), large)
  })

  test('are decoded without compiling from strings where Node forbids it', async () => {
    const { execFileSync } = await import('node:child_process')
    const index = new URL('../src/index.js', import.meta.url).href
    const program = `import { Decoder, decode, encode } from '${index}'
      const decoder = new Decoder()
      for (let round = 0; round < 100; round++) console.log(JSON.stringify(decode(encode({ a: round, b: { c: 1 } }), decoder)))`
    const flags = ['--disallow-code-generation-from-strings', '--input-type=module', '--eval', program]
    const lines = execFileSync(process.execPath, flags, { encoding: 'utf8' }).trim().split('\n')
    assert.equal(lines.length, 100)
    assert.equal(lines[99], '{"a":99,"b":{"c":1}}')
  })
})

describe('options of the decoder', () => {
  test('binaries as bytes: values are bytes whatever they hold, keys are text', () => {
    const bytes = encode({ name: 'Ada', raw: Uint8Array.of(1) })
    assert.deepStrictEqual(decode(bytes, { binaries: 'bytes' }), {
      name: Uint8Array.from(Buffer.from('Ada')),
      raw: Uint8Array.of(1),
    })
  })

  test('atom keys as strings: maps of atoms are plain objects, deep inside too, unless two keys would be one', () => {
    const map = new Map<unknown, unknown>([
      [atom('name'), 'Ada'],
      [atom('inner'), [new Map([[atom('x'), 1]])]],
      [true, 1],
      [null, 2],
    ])
    const clash = new Map<unknown, unknown>([
      [atom('a'), 1],
      ['a', 2],
    ])
    const numbers = new Map([[1, 2]])
    const init = { atomKeys: 'strings' } as const
    assert.deepStrictEqual(decode(encode(map), init), { name: 'Ada', inner: [{ x: 1 }], true: 1, nil: 2 })
    assert.deepStrictEqual(decode(encode(clash), init), clash)
    assert.deepStrictEqual(decode(encode(numbers), init), numbers)
    assert.deepStrictEqual(decode(encode(new Date(5)), init), new Date(5))
  })

  test('atoms of the cache are those that the header named', () => {
    const named: Atom[] = [atom('first'), atom('true')]
    const term = annotated('68 03 52 00 52 01 58 52 00 00000001 00000002 00000003')
    const value = new Decoder().readTerm(term, 0, term.length, named)
    assert.deepEqual(JSON.parse(JSON.stringify(value)).elements[2].node, 'first')
    assert.equal((value as { at(index: number): unknown }).at(0), atom('first'))
    assert.equal((value as { at(index: number): unknown }).at(1), true)
    assert.throws(() => new Decoder().readTerm(annotated('52 02'), 0, 2, named), { code: 'ETF_ATOM_CACHE', offset: 0 })
  })

  test('decoded bytes are copies: the input may be overwritten', () => {
    const input = Buffer.from(encode([Uint8Array.of(1, 2, 3), Uint8Array.of(0xff)]))
    const exact = decode(encode('text'), { decoding: 'exact' }) as Binary
    const value = decode(input)
    input.fill(0)
    assert.deepStrictEqual(value, [Uint8Array.of(1, 2, 3), Uint8Array.of(0xff)])
    assert.notEqual(exact.bytes.buffer, input.buffer)
  })

  test('a Uint8Array that is no Buffer is decoded as well', () => {
    assert.deepStrictEqual(decode(new Uint8Array(encode({ a: ['ä', 1.5] }))), { a: ['ä', 1.5] })
  })
})

describe('limits of the decoder', () => {
  test('nesting up to depthMax is decoded, one more is ETF_DEPTH', () => {
    const nested = (levels: number): Buffer => annotated(`83 ${'6801'.repeat(levels)} 6a`)
    decode(nested(5), { depthMax: 5 })
    assert.throws(() => decode(nested(6), { depthMax: 5 }), { code: 'ETF_DEPTH', offset: 12 })
    decode(nested(1_000))
    assert.throws(() => decode(nested(1_001)), { code: 'ETF_DEPTH' })
  })

  test('thousands of levels are decoded and encoded where the limit is raised', () => {
    let value: unknown = []
    for (let level = 0; level < 2_000; level++) value = level % 2 === 0 ? [value] : { inner: value }
    const bytes = encode(value, { depthMax: 10_000 })
    assert.deepEqual(encode(decode(bytes, { depthMax: 10_000 }), { depthMax: 10_000 }), bytes)
  })

  test('more levels than the stack holds are ETF_DEPTH, not a RangeError, in either direction', () => {
    const bytes = Buffer.concat([Buffer.of(131), Buffer.alloc(2_000_000, annotated('6801')), Buffer.of(106)])
    assert.throws(() => decode(bytes, { depthMax: 10_000_000 }), { code: 'ETF_DEPTH' })
    let value: unknown = 1
    for (let level = 0; level < 1_000_000; level++) value = [value]
    assert.throws(() => encode(value, { depthMax: 10_000_000 }), { code: 'ETF_DEPTH' })
  })

  test('a list whose tails are lists is no deep one', () => {
    const bytes = Buffer.concat([
      Buffer.of(131),
      Buffer.alloc(5_000 * 7, annotated('6c 00000001 61 05')),
      Buffer.of(106),
    ])
    assert.equal((decode(bytes) as unknown[]).length, 5_000)
  })

  test('terms over sizeBytesMax, atoms over atomCharactersMax, inflation over inflatedBytesMax are refused', () => {
    assert.throws(() => decode(encode('12345'), { sizeBytesMax: 9 }), { code: 'ETF_SIZE' })
    assert.equal(decode(encode('12345'), { sizeBytesMax: 10 }), '12345')
    assert.throws(() => decode(encode(atom('12345')), { atomCharactersMax: 4 }), { code: 'ETF_ATOM_LENGTH', offset: 3 })
    assert.equal(decode(encode(atom('ééé')), { atomCharactersMax: 3 }), atom('ééé'))
    const bomb = encode('x'.repeat(100_000), { compressed: true })
    assert.throws(() => decode(bomb, { inflatedBytesMax: 100_004 }), { code: 'ETF_SIZE', offset: 2 })
    assert.equal(decode(bomb, { inflatedBytesMax: 100_005 }), 'x'.repeat(100_000))
  })

  test('a decoder works on after an error', () => {
    const decoder = new Decoder({ depthMax: 3 })
    for (let round = 0; round < 10; round++) {
      assert.throws(() => decode(annotated('83 6801 6801 6801 6801 6a'), decoder), { code: 'ETF_DEPTH' })
      assert.deepStrictEqual(decode(encode([[1, 'a']]), decoder), [[1, 'a']])
    }
  })
})

test('texts under one key are read as they are, whether they repeat, nearly repeat, or are none', () => {
  const values = [
    '',
    'put',
    'pus',
    'pu',
    'é',
    'Ã©',
    'Ã',
    'sixteen letters!',
    'seventeen letters',
    Buffer.of(0xc3),
    7,
    ['put'],
  ]
  const rows = values.flatMap((first) => values.flatMap((second) => [{ of: first }, { of: second }, { of: second }]))
  const decoder = new Decoder()
  for (const row of rows) {
    const read = decode(encode(row), decoder) as { readonly of: unknown }
    assert.deepEqual(read.of, row.of instanceof Buffer ? Uint8Array.from(row.of) : row.of)
  }
  assert.deepEqual(
    decode(encode(rows)),
    rows.map(({ of }) => ({ of: of instanceof Buffer ? Uint8Array.from(of) : of })),
  )
  const cut = encode({ of: 'put' }).subarray(0, -1)
  for (let round = 0; round < 2; round++) assert.throws(() => decode(cut, decoder), { code: 'ETF_TRUNCATED' })
})
