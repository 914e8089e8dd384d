import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import {
  Atom,
  atom,
  Decoder,
  decode,
  EncodeError,
  Encoder,
  ExportFun,
  encode,
  Float,
  Fun,
  ImproperList,
  LocalTerm,
  Pid,
  Port,
  Reference,
  tuple,
} from '../src/index.ts'
import { annotated } from './annotated.ts'

class Account {
  readonly balance = 1
}

const pid = new Pid('a@b', 1, 2, 3)

describe('what has no term is an error that names the place', () => {
  const cyclic: { name: string; list: unknown[] } = { name: 'cycle', list: [1] }
  cyclic.list.push({ back: cyclic })
  const map = new Map<unknown, unknown>([[tuple(atom('a'), 1), { x: [Number.NaN] }]])
  const faults: [string, unknown, string, string][] = [
    ['a function', () => 1, 'ETF_NO_TERM', '$'],
    ['a function in an object in an array', { cart: [0, 1, 2, { price: () => 1 }] }, 'ETF_NO_TERM', '$.cart[3].price'],
    ['a symbol', [Symbol('s')], 'ETF_NO_TERM', '$[0]'],
    ['NaN', { 'not a name': Number.NaN }, 'ETF_NO_TERM', '$["not a name"]'],
    ['an infinity', tuple(1, -Infinity), 'ETF_NO_TERM', '$.at(1)'],
    ['an instance of a class', { account: new Account() }, 'ETF_NO_TERM', '$.account'],
    ['a promise', [Promise.resolve()], 'ETF_NO_TERM', '$[0]'],
    ['an Int16Array', new Int16Array(1), 'ETF_NO_TERM', '$'],
    ['an invalid Date', { at: new Date(Number.NaN) }, 'ETF_NO_TERM', '$.at'],
    ['half of a surrogate pair, short', ['a\ud800'], 'ETF_LONE_SURROGATE', '$[0]'],
    ['half of a surrogate pair, the low one', ['\udc00b'], 'ETF_LONE_SURROGATE', '$[0]'],
    ['half of a surrogate pair, long', [`${'a'.repeat(99)}\udfff`], 'ETF_LONE_SURROGATE', '$[0]'],
    ['half of a surrogate pair in a key', { a: { '\ud83d': 1 } }, 'ETF_LONE_SURROGATE', '$.a["\\ud83d"]'],
    ['a cycle through objects and arrays', { x: cyclic }, 'ETF_CYCLE', '$.x.list[1].back'],
    ['a value of a Map under a tuple', map, 'ETF_NO_TERM', '$.get({:a, 1}).x[0]'],
    ['a value of a Map under text', new Map([['k', Symbol.iterator]]), 'ETF_NO_TERM', '$.get("k")'],
    ['a key of a Map', new Map([[Number.NaN, 1]]), 'ETF_NO_TERM', '$.keys()[0]'],
    ['a member of a Set', new Set([1, () => 1]), 'ETF_NO_TERM', '$.values()[1]'],
    ['a tail', new ImproperList([1], Number.NaN), 'ETF_NO_TERM', '$.tail'],
    ['an element before a tail', new ImproperList([() => 1], 1), 'ETF_NO_TERM', '$.elements[0]'],
    [
      'the same number as two keys',
      {
        m: new Map<unknown, unknown>([
          [1, 1],
          [1n, 2],
        ]),
      },
      'ETF_DUPLICATE_KEY',
      '$.m.keys()[1]',
    ],
    ['equal objects in a Set', [new Set([{ a: 1 }, { a: 1 }])], 'ETF_DUPLICATE_KEY', '$[0].keys()[1]'],
    [
      'text and its bytes as keys',
      new Map<unknown, unknown>([
        ['a', 1],
        [Buffer.from('a'), 2],
      ]),
      'ETF_DUPLICATE_KEY',
      '$.keys()[1]',
    ],
    [
      'true and its atom as keys',
      new Map<unknown, unknown>([
        [true, 1],
        [atom('true'), 2],
      ]),
      'ETF_DUPLICATE_KEY',
      '$.keys()[1]',
    ],
    ['a local term within a term', [new LocalTerm(Uint8Array.of(1))], 'ETF_NO_TERM', '$[0]'],
    ['a pid out of range', { pid: new Pid('a@b', 2 ** 32, 0, 0) }, 'ETF_RANGE', '$.pid.id'],
    ['a pid of a node with too long a name', [new Pid('n'.repeat(256), 1, 0, 0)], 'ETF_ATOM_LENGTH', '$[0].node'],
    ['a port out of range', new Port('a@b', -1n, 0), 'ETF_RANGE', '$.id'],
    ['a reference of no words', new Reference('a@b', 0, []), 'ETF_RANGE', '$.ids'],
    ['a reference with a word out of range', new Reference('a@b', 0, [1, -1]), 'ETF_RANGE', '$.ids[1]'],
    [
      'a free variable',
      new Fun({
        arity: 0,
        digest: new Uint8Array(16),
        index: 0,
        module: 'm',
        oldIndex: 0,
        oldUnique: 0,
        pid,
        free: [Number.NaN],
      }),
      'ETF_NO_TERM',
      '$.free[0]',
    ],
    [
      'a digest of another length',
      new Fun({
        arity: 0,
        digest: new Uint8Array(15),
        index: 0,
        module: 'm',
        oldIndex: 0,
        oldUnique: 0,
        pid,
        free: [],
      }),
      'ETF_RANGE',
      '$.digest',
    ],
    [
      'an index that is no integer',
      new Fun({
        arity: 0,
        digest: new Uint8Array(16),
        index: 0,
        module: 'm',
        oldIndex: 0.5,
        oldUnique: 0,
        pid,
        free: [],
      }),
      'ETF_RANGE',
      '$.oldIndex',
    ],
    ['an external fun of 256 arguments', new ExportFun('m', 'f', 256), 'ETF_RANGE', '$.arity'],
    ['an atom that is too long', [Atom.intern('x'.repeat(256))], 'ETF_ATOM_LENGTH', '$[0]'],
  ]
  for (const [name, value, code, path] of faults) {
    test(`${name}: ${code} at ${JSON.stringify(path)}`, () => {
      assert.throws(
        () => encode(value),
        (error: unknown) => {
          assert.ok(error instanceof EncodeError, String(error))
          assert.deepEqual({ code: error.code, path: error.path }, { code, path })
          assert.ok(error.message.includes(path))
          return true
        },
      )
    })
  }

  test('a property that throws: ETF_UNREADABLE, and the cause is kept', () => {
    const cause = new Error('no')
    const value = {
      a: [
        {
          get b() {
            throw cause
          },
        },
      ],
    }
    assert.throws(
      () => encode(value),
      (error: unknown) => {
        assert.ok(error instanceof EncodeError)
        assert.deepEqual([error.code, error.path, error.cause], ['ETF_UNREADABLE', '$.a[0].b', cause])
        return true
      },
    )
  })

  test('the same object twice is no cycle', () => {
    const shared = { x: [1000] }
    assert.deepEqual(decode(encode([shared, shared, { shared }])), [shared, shared, { shared }])
  })

  test('values that share parts without end stop at the limit of bytes', () => {
    let value: unknown = 'x'
    for (let level = 0; level < 100; level++) value = [value, value]
    assert.throws(() => encode(value, { sizeBytesMax: 100_000 }), { code: 'ETF_SIZE' })
  })

  test('nesting up to depthMax is encoded, one more is ETF_DEPTH', () => {
    assert.doesNotThrow(() => encode([[{ a: 1 }]], { depthMax: 3 }))
    assert.throws(() => encode([[{ a: [null] }]], { depthMax: 3 }), { code: 'ETF_DEPTH', path: '$[0][0].a' })
  })
})

describe('plain objects', () => {
  test('of another realm and without prototype are plain', () => {
    const foreign = runInNewContext('({ a: [1, new Map([[1, 2]]), new Date(5), new Uint8Array([1]), new Set([1])] })')
    const expected = { a: [1, new Map([[1, 2]]), new Date(5), Uint8Array.of(1), new Set([1])] }
    assert.deepStrictEqual(decode(encode(foreign)), expected)
    assert.deepStrictEqual(decode(encode(Object.assign(Object.create(null), { a: 1 }))), { a: 1 })
  })

  test('keep properties that are undefined, and leave out symbols and what is not enumerable', () => {
    const value = Object.defineProperty({ a: undefined, [Symbol('s')]: 1 }, 'hidden', { value: 1 })
    assert.deepStrictEqual(decode(encode(value)), { a: undefined })
  })

  test('are encoded right while Object.prototype is enumerable', () => {
    const prototype = Object.prototype as { polluted?: number }
    prototype.polluted = 1
    try {
      assert.deepEqual(encode({ a: 1 }).subarray(1), annotated("74 00000001 6d 00000001 'a' 61 01"))
    } finally {
      delete prototype.polluted
    }
  })

  test('an array with holes has undefined in them, and -0 is no byte', () => {
    // biome-ignore lint/suspicious/noSparseArray: the hole is what is tested
    assert.deepStrictEqual(decode(encode([1, , 2])), [1, undefined, 2])
    assert.deepStrictEqual(decode(encode([1, -0])), [1, -0])
    assert.deepStrictEqual(decode(encode([1, new Float(2)]), { decoding: 'exact' }), [1, new Float(2)])
  })

  test('lists of bytes take the short form from 1 to 65,535 elements', () => {
    const tagOf = (length: number): number => encode(new Array(length).fill(7))[1]!
    assert.deepEqual([0, 1, 65_535, 65_536].map(tagOf), [106, 107, 107, 108])
    assert.deepEqual(decode(encode(new Array(65_536).fill(7))), new Array(65_536).fill(7))
  })
})

describe('Encoder', () => {
  test('take() hands over bytes that later writes do not touch', () => {
    const encoder = new Encoder({ initialBytes: 64 })
    const taken: Buffer[] = []
    for (let round = 0; round < 100; round++) {
      encoder.writeTerm([round, 'x'.repeat(round)])
      assert.equal(encoder.offset, encode([round, 'x'.repeat(round)]).length - 1)
      taken.push(encoder.take())
      assert.equal(encoder.offset, 0)
    }
    for (const [round, bytes] of taken.entries()) {
      assert.deepEqual(new Decoder().readTerm(bytes), [round, 'x'.repeat(round)])
    }
  })

  test('after an error, offset is where it was and the bytes before it are as they were', () => {
    const encoder = new Encoder({ initialBytes: 16 })
    encoder.writeTerm('first')
    const { offset } = encoder
    assert.throws(() => encoder.writeTerm(['x'.repeat(1_000), Number.NaN]), { code: 'ETF_NO_TERM', path: '$[1]' })
    assert.equal(encoder.offset, offset)
    encoder.writeTerm('second')
    const decoder = new Decoder()
    const bytes = encoder.take()
    assert.deepEqual([decoder.readTerm(bytes), decoder.readTerm(bytes, decoder.offset)], ['first', 'second'])
  })

  test('writes, patches and drops bytes around terms', () => {
    const encoder = new Encoder({ initialBytes: 8 })
    encoder.writeUint32(0xdead_beef)
    encoder.take()
    encoder.writeUint32(0)
    encoder.writeUint8(0xfe)
    encoder.writeUint16(0xabcd)
    encoder.writeUint64(0x0102030405060708n)
    encoder.writeBytes(Buffer.alloc(100, 1))
    encoder.writeTerm(atom('ok'))
    const { offset } = encoder
    encoder.writeTerm('dropped')
    encoder.offset = offset
    encoder.patchUint32(0, encoder.offset - 4)
    assert.deepEqual(Buffer.from(encoder.buffer.subarray(0, encoder.offset)), encoder.take())
    encoder.ensure(1_000)
    assert.ok(encoder.buffer.length >= 1_000)
  })

  test('headers followed by terms make the same bytes as the whole', () => {
    const encoder = new Encoder()
    encoder.writeTupleHeader(5)
    encoder.writeInteger(-7)
    encoder.writeAtomName('ok')
    encoder.writePid(pid)
    encoder.writeListHeader(1)
    encoder.writeReference(new Reference('a@b', 1, [1]))
    encoder.writeNil()
    encoder.writeMapHeader(1)
    encoder.writeTerm('key')
    encoder.writePort(new Port('a@b', 1n, 1))
    const whole = tuple(-7, atom('ok'), pid, [new Reference('a@b', 1, [1])], { key: new Port('a@b', 1n, 1) })
    assert.deepEqual(encoder.take(), encode(whole).subarray(1))
  })

  test('fills sizeBytesMax to the last byte and not one more, wherever the memory ends', () => {
    for (const text of ['', 'abc', 'äö', 'x'.repeat(100), 'ä'.repeat(100), '🎉'.repeat(30)]) {
      const size = encode([text]).length
      for (const initialBytes of [1, 64, 100_000]) {
        assert.deepEqual(decode(encode([text], { initialBytes, sizeBytesMax: size })), [text])
        assert.throws(() => encode([text], { initialBytes, sizeBytesMax: size - 1 }), { code: 'ETF_SIZE' })
      }
    }
  })

  test('with keys in ever other orders writes what a fresh encoder writes', () => {
    const encoder = new Encoder()
    for (let round = 0; round < 2_000; round++) {
      const keys = [`k${round % 97}`, 'common', `ä${round % 7}`, 'x'.repeat(round % 50)]
      const value = Object.fromEntries(keys.map((key, index) => [key, { [key]: index, id: round }]))
      encoder.writeTerm(value)
      assert.deepEqual(encoder.take(), encode(value).subarray(1))
    }
  })
})

describe('compression', () => {
  test('makes what is smaller for it, and nothing else', () => {
    const long = 'tiebeam '.repeat(1_000)
    for (const compressed of [true, 1, 9]) {
      const bytes = encode({ long }, { compressed })
      assert.equal(bytes[1], 80)
      assert.ok(bytes.length < 500)
      assert.deepStrictEqual(decode(bytes), { long })
    }
    assert.deepEqual(encode([1, 2], { compressed: true }), encode([1, 2]))
  })

  test('that was cut off, damaged, or lies about its size is an error', () => {
    const bytes = encode('tiebeam '.repeat(100), { compressed: true })
    for (let length = 0; length < bytes.length; length++) {
      assert.throws(() => decode(bytes.subarray(0, length)), { name: 'DecodeError' })
    }
    for (const claimed of [0, 804, 806]) {
      const lying = Buffer.from(bytes)
      lying.writeUInt32BE(claimed, 2)
      assert.throws(() => decode(lying), { name: 'DecodeError' }, `${claimed}`)
    }
    assert.throws(() => decode(Buffer.concat([bytes, Buffer.of(0)])), { code: 'ETF_TRAILING_BYTES' })
  })
})

describe('round trips of random values', () => {
  test('text of any characters and length', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 200 })
    fc.assert(fc.property(text, (value) => assert.equal(decode(encode(value)), value)))
  })

  test('numbers and bigints of any size', () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true })
    fc.assert(fc.property(number, (value) => assert.ok(Object.is(decode(encode(value)), value))))
    fc.assert(fc.property(fc.maxSafeInteger(), (value) => assert.equal(decode(encode(value)), value)))
    const big = fc.bigInt({ min: -(2n ** 2100n), max: 2n ** 2100n })
    fc.assert(fc.property(big, (value) => assert.equal(decode(encode(value)), value)))
  })

  test('JSON documents, by one encoder and one decoder', () => {
    const encoder = new Encoder()
    const decoder = new Decoder()
    fc.assert(
      fc.property(fc.jsonValue({ depthSize: 'medium' }), (value) => {
        encoder.writeTerm(value)
        assert.deepStrictEqual(decoder.readTerm(encoder.take()), value)
      }),
      { numRuns: 500 },
    )
  })

  test('Dates of every year, which Elixir reads as DateTime', () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), (value) => assert.deepStrictEqual(decode(encode(value)), value)),
    )
  })

  test('Sets and Maps keep their order', () => {
    const keys = fc.uniqueArray(fc.oneof(fc.string(), fc.integer()), { maxLength: 20 })
    fc.assert(
      fc.property(keys, (members) => {
        assert.deepEqual([...(decode(encode(new Set(members))) as Set<unknown>)], members)
        const map = new Map<unknown, number>([[atom('first'), 0], ...members.map((member) => [member, 1] as const)])
        assert.deepEqual([...(decode(encode(map)) as Map<unknown, unknown>).keys()], [...map.keys()])
      }),
    )
  })
})
