import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { deflateSync } from 'node:zlib'
import { DecodeError, type DecoderInit, decode, encode, equals } from '../src/index.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const levels = 100_000
const megabyte = 1 << 20
const decodings = [{ decoding: 'exact' }, { decoding: 'comfortable' }] as const
const pid = [88, 119, 1, 97, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]

/** Bytes one after the other: a number is one byte, `{ u32 }` four. */
function bytesOf(...parts: ReadonlyArray<number | string | Uint8Array | readonly number[] | { u32: number }>): Buffer {
  return Buffer.concat(
    parts.map((part) => {
      if (typeof part === 'number') return Buffer.from([part])
      if (typeof part === 'string') return Buffer.from(part)
      if (!('u32' in part)) return Buffer.from(part)
      const four = Buffer.alloc(4)
      four.writeUInt32BE(part.u32)
      return four
    }),
  )
}

function repeated(bytes: Buffer, count: number): Buffer {
  return Buffer.alloc(bytes.length * count, bytes)
}

function faultOf(bytes: Buffer, init: DecoderInit = {}): DecodeError {
  try {
    decode(bytes, init)
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    assert.ok(error.offset >= 0 && error.offset <= bytes.length, `offset ${error.offset} of ${bytes.length}`)
    return error
  }
  throw new assert.AssertionError({ message: 'bytes were decoded that should not have been' })
}

/** Bytes of heap and buffers that the work took at most: what it kept, and garbage that was not collected meanwhile. */
function memoryOf(work: () => unknown): number {
  const used = (): number => {
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
  work()
  collectGarbage()
  const before = used()
  const kept = work()
  const after = used()
  return kept === used ? 0 : after - before
}

const nestings: Record<string, readonly [before: Buffer, after: Buffer]> = {
  lists: [bytesOf(108, { u32: 1 }), bytesOf(106)],
  'small tuples': [bytesOf(104, 1), bytesOf()],
  'large tuples': [bytesOf(105, { u32: 1 }), bytesOf()],
  'values of maps': [bytesOf(116, { u32: 1 }, 97, 1), bytesOf()],
  'keys of maps': [bytesOf(116, { u32: 1 }), bytesOf(97, 1)],
  'values of maps with text keys': [bytesOf(116, { u32: 1 }, 109, { u32: 1 }, 'a'), bytesOf()],
  'tails of lists, in tuples': [bytesOf(108, { u32: 1 }, 97, 1, 104, 1), bytesOf()],
  funs: [bytesOf(112, { u32: 99 }, 0, Buffer.alloc(20), { u32: 1 }, 119, 1, 'a', 97, 0, 97, 0, pid), bytesOf()],
  'old funs': [bytesOf(117, { u32: 1 }, pid, 119, 1, 'a', 97, 0, 97, 0), bytesOf()],
}

for (const [name, [before, after]] of Object.entries(nestings)) {
  test(`${levels} levels of ${name} are refused, whatever limit is set`, () => {
    const bomb = bytesOf(131, repeated(before, levels), 106, repeated(after, levels))
    for (const init of decodings) {
      assert.equal(faultOf(bomb, init).code, 'ETF_DEPTH')
      assert.equal(faultOf(bomb, { ...init, depthMax: 10 }).code, 'ETF_DEPTH')
      // Past what the stack allows, it is not the limit that ends it.
      assert.equal(faultOf(bomb, { ...init, depthMax: Number.MAX_SAFE_INTEGER }).code, 'ETF_DEPTH')
      assert.equal(faultOf(bomb.subarray(0, bomb.length / 2), init).code, 'ETF_DEPTH')
    }
  })
}

test('a list whose tail is a list, and so on, is one flat list', () => {
  const chain = bytesOf(131, repeated(bytesOf(108, { u32: 1 }, 97, 1), levels), 106)
  for (const init of decodings) assert.deepEqual(decode(chain, init), new Array(levels).fill(1))
})

const claims: Record<string, Buffer> = {
  BINARY_EXT: bytesOf(109, { u32: 0xffffffff }),
  BIT_BINARY_EXT: bytesOf(77, { u32: 0xfffffff0 }, 8),
  STRING_EXT: bytesOf(107, 255, 255),
  LIST_EXT: bytesOf(108, { u32: 0xffffffff }),
  LARGE_TUPLE_EXT: bytesOf(105, { u32: 0xffffffff }),
  SMALL_TUPLE_EXT: bytesOf(104, 255),
  MAP_EXT: bytesOf(116, { u32: 0xffffffff }),
  SMALL_BIG_EXT: bytesOf(110, 255, 0),
  LARGE_BIG_EXT: bytesOf(111, { u32: 0xffffffff }, 1),
  ATOM_UTF8_EXT: bytesOf(118, 255, 255),
  ATOM_EXT: bytesOf(100, 255, 255),
  SMALL_ATOM_UTF8_EXT: bytesOf(119, 255),
  NEWER_REFERENCE_EXT: bytesOf(90, 255, 255, 119, 1, 97, { u32: 1 }),
  NEW_REFERENCE_EXT: bytesOf(114, 255, 255, 119, 1, 97, 1),
  NEW_FUN_EXT: bytesOf(
    112,
    { u32: 0xffffffff },
    0,
    Buffer.alloc(20),
    { u32: 0xffffffff },
    119,
    1,
    'a',
    97,
    0,
    97,
    0,
    pid,
  ),
  FUN_EXT: bytesOf(117, { u32: 0xffffffff }, pid, 119, 1, 'a', 97, 0, 97, 0),
}

for (const [name, claim] of Object.entries(claims)) {
  test(`${name} that claims more than there is costs nothing`, () => {
    for (const filling of [bytesOf(), bytesOf(97, 1, 106, 106)]) {
      const alone = bytesOf(131, claim, filling)
      const within = bytesOf(131, 104, 2, 97, 1, claim, filling)
      for (const init of decodings) {
        const memory = memoryOf(() => [faultOf(alone, init), faultOf(within, init)])
        assert.ok(memory < megabyte, `${memory} bytes`)
      }
    }
  })
}

test('a nest of claims, each of them possible, takes no more memory than its bytes give reason for', () => {
  const claim = bytesOf(105, { u32: 50_000 })
  const nest = bytesOf(131, repeated(claim, 900), Buffer.alloc(50_000, 106))
  for (const init of decodings) {
    const memory = memoryOf(() => faultOf(nest, init))
    assert.ok(memory < 128 * nest.length, `${memory} bytes for ${nest.length}`)
  }
})

test('a zip bomb ends at the size it claims, and that at the limit', () => {
  const gigabyte = deflateSync(Buffer.alloc(256 * megabyte), { level: 9 })
  const small = bytesOf(131, 80, { u32: 100 }, gigabyte)
  const large = bytesOf(131, 80, { u32: 256 * megabyte }, gigabyte)
  const lying = bytesOf(131, 80, { u32: 2 * megabyte }, deflateSync(Buffer.alloc(1000)))
  for (const init of decodings) {
    assert.equal(faultOf(large, init).code, 'ETF_SIZE')
    const memory = memoryOf(() => [faultOf(small, init), faultOf(large, init), faultOf(lying, init)])
    assert.ok(memory < 4 * megabyte, `${memory} bytes`)
  }
  const binary = bytesOf(
    131,
    80,
    { u32: megabyte + 5 },
    deflateSync(bytesOf(109, { u32: megabyte }, Buffer.alloc(megabyte, 'x'))),
  )
  assert.equal(decode(binary), 'x'.repeat(megabyte))
  assert.equal(faultOf(binary, { inflatedBytesMax: megabyte }).code, 'ETF_SIZE')
})

test('a compressed term within a compressed term is refused', () => {
  const inner = encode(new Array(100).fill('compressible'), { compressed: true })
  assert.equal(inner[1], 80)
  const outer = bytesOf(131, 80, { u32: inner.length - 1 }, deflateSync(inner.subarray(1)))
  assert.equal(faultOf(outer).code, 'ETF_UNKNOWN_TAG')
  assert.equal(faultOf(bytesOf(131, 104, 1, inner.subarray(1))).code, 'ETF_UNKNOWN_TAG')
})

// One byte can be an empty list, which JavaScript keeps as an object of 16 bytes and a slot of 8 in its list.
const bulky: Record<string, Buffer> = {
  'empty lists': bytesOf(106),
  'empty tuples': bytesOf(104, 0),
  'tuples of one': bytesOf(104, 1, 106),
  'lists of one': bytesOf(108, { u32: 1 }, 106, 106),
  'empty maps': bytesOf(116, { u32: 0 }),
  'maps of one': bytesOf(116, { u32: 1 }, 97, 1, 97, 1),
  'objects of one': bytesOf(116, { u32: 1 }, 109, { u32: 1 }, 'a', 97, 1),
  'empty binaries': bytesOf(109, { u32: 0 }),
  'empty bit strings': bytesOf(77, { u32: 0 }, 0),
  'bit strings': bytesOf(77, { u32: 1 }, 3, 160),
  'strings of one': bytesOf(107, 0, 1, 1),
  bigs: bytesOf(111, { u32: 0 }, 0),
  references: bytesOf(90, 0, 1, 119, 1, 'a', { u32: 1 }, { u32: 1 }),
}

for (const [name, unit] of Object.entries(bulky)) {
  test(`a million bytes of ${name} take at most 64 times their memory`, () => {
    const count = Math.floor(1_000_000 / unit.length)
    const input = bytesOf(131, 108, { u32: count }, repeated(unit, count), 106)
    for (const init of [...decodings, { binaries: 'bytes' } as const]) {
      const memory = memoryOf(() => decode(input, init))
      assert.ok(memory < 64 * input.length, `${(memory / input.length).toFixed(1)} times, ${JSON.stringify(init)}`)
    }
  })
}

test('a hundred thousand new atoms leave nothing behind', async () => {
  const names = (from: number): Buffer =>
    bytesOf(
      131,
      108,
      { u32: 100_000 },
      ...Array.from({ length: 100_000 }, (_, index) => bytesOf(119, 8, `a${String(from + index).padStart(7, '0')}`)),
      106,
    )
  const rounds: number[] = []
  for (let round = 0; round < 6; round += 1) {
    decode(names(round * 100_000))
    // Finalizers run in turns of the event loop after the collection.
    for (let turn = 0; turn < 3; turn += 1) {
      collectGarbage()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    rounds.push(process.memoryUsage().heapUsed)
  }
  const growth = (rounds.at(-1) as number) - (rounds[1] as number)
  assert.ok(growth < 4 * megabyte, `the heap grew by ${growth} bytes: ${rounds}`)
})

/** Fails only when the time grows out of all proportion: the limit is a hundred times what it takes. */
function decodesSoon(bytes: Buffer, init: DecoderInit): unknown {
  const start = performance.now()
  let result: unknown
  try {
    result = decode(bytes, init)
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    result = error
  }
  const tookMs = performance.now() - start
  assert.ok(tookMs < 30_000, `${bytes.length} bytes took ${tookMs} ms`)
  return result
}

test('keys of maps inside keys of maps do not take time without end', () => {
  const payload = bytesOf(109, { u32: 200_000 }, Buffer.alloc(200_000, 0xff))
  const long = bytesOf(108, { u32: 200_000 }, Buffer.alloc(200_000, 106), 106)
  for (const inner of [payload, long]) {
    const bytes = bytesOf(131, repeated(bytesOf(116, { u32: 2 }), 990), inner, repeated(bytesOf(106, 104, 0, 106), 990))
    for (const init of decodings) decodesSoon(bytes, init)
  }
})

test('a huge integer as key of a map does not take time without end', () => {
  const big = bytesOf(111, { u32: 20_000_000 }, 0, Buffer.alloc(20_000_000, 0xab))
  for (const init of decodings) {
    decodesSoon(bytesOf(131, 116, { u32: 2 }, big, 106, 104, 0, 106), init)
  }
})

test('an integer larger than JavaScript can hold is an error of size', () => {
  const bytes = 140_000_000
  assert.equal(faultOf(bytesOf(131, 111, { u32: bytes }, 0, Buffer.alloc(bytes, 0xab))).code, 'ETF_SIZE')
})

test('keys that look alike in comfortable decoding, and keys that stand twice, are found at once', () => {
  const pairs = Array.from({ length: 30_000 }, (_, index) => {
    const float = Buffer.alloc(8)
    float.writeDoubleBE(index)
    return bytesOf(104, 1, 70, float, 106, 104, 1, 98, { u32: index }, 106)
  })
  const bytes = bytesOf(131, 116, { u32: 60_000 }, ...pairs)
  for (const init of decodings) {
    const map = decodesSoon(bytes, init)
    assert.ok(map instanceof Map && map.size === 60_000)
  }
  const twice = bytesOf(
    131,
    116,
    { u32: 30_001 },
    ...pairs.map((pair) => pair.subarray(0, 12)),
    pairs[0]?.subarray(0, 12) ?? '',
  )
  for (const init of decodings) assert.equal((decodesSoon(twice, init) as DecodeError).code, 'ETF_DUPLICATE_KEY')
})

test('what was decoded at the largest depth can be encoded again, whatever is innermost', () => {
  // Funs claim their size, and keys of maps have a limit of their own.
  const { funs: _funs, 'keys of maps': _keys, 'tails of lists, in tuples': _two, ...nestable } = nestings
  const innermost = [
    bytesOf(106),
    bytesOf(107, 0, 2, 1, 2),
    bytesOf(119, 1, 'a'),
    bytesOf(pid),
    bytesOf(109, { u32: 1 }, 255),
  ]
  for (const [before, after] of Object.values(nestable)) {
    for (const inner of innermost) {
      const bytes = bytesOf(131, repeated(before, 1000), inner, repeated(after, 1000))
      for (const init of decodings) {
        const value = decode(bytes, init)
        assert.ok(equals(decode(encode(value), init), value))
        assert.throws(() => encode([value]), { code: 'ETF_DEPTH' })
      }
    }
  }
})
