import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DecodeError, Decoder, decode, Encoder, encode, equals, keyOf, LocalTerm } from '../src/index.ts'
import { annotated } from './annotated.ts'
import { tagTable } from './tag-table.ts'

const version = Buffer.of(131)

describe('every tag', () => {
  for (const { name, wire, value, exact, canonical } of tagTable) {
    const term = annotated(wire)
    const bytes = Buffer.concat([version, term])
    const exactValue = exact ?? value

    test(`${name} is decoded`, () => {
      assert.deepStrictEqual(decode(bytes), value)
      assert.deepStrictEqual(decode(bytes, { decoding: 'exact' }), exactValue)
    })

    test(`${name} is encoded again in OTP's own form`, () => {
      const written = canonical === undefined || value instanceof Uint8Array ? term : annotated(canonical)
      // Bytes that were a binary are bytes of a TypeScript peer once they are a Uint8Array.
      const again = encode(decode(bytes, { decoding: 'exact' })).subarray(1)
      assert.deepEqual(again, written)
      if (exact === undefined) assert.deepEqual(encode(value).subarray(1), annotated(canonical ?? wire))
    })

    test(`${name} has the same key and is equal after a round trip`, () => {
      const again = decode(encode(exactValue), { decoding: 'exact' })
      assert.equal(keyOf(again), keyOf(exactValue))
      assert.ok(equals(again, exactValue))
    })

    if (!(value instanceof LocalTerm)) {
      test(`${name} cut off anywhere is a DecodeError with its offset`, () => {
        for (let length = 0; length < bytes.length; length++) {
          // The cut bytes follow in the buffer: nothing may be read past the end that is given.
          assert.throws(
            () => decode(bytes.subarray(0, length)),
            (error) => error instanceof DecodeError && error.offset >= 0 && error.offset <= length,
            `cut after ${length} bytes`,
          )
          assert.throws(() => new Decoder().readTerm(bytes, 1, Math.max(1, length)), DecodeError)
        }
      })

      test(`${name} is read from the middle of a buffer, and the offset is after it`, () => {
        const decoder = new Decoder()
        const padded = Buffer.concat([Buffer.alloc(3, 0x6a), term, Buffer.alloc(2, 0xff)])
        assert.deepStrictEqual(decoder.readTerm(padded, 3, padded.length), value)
        assert.equal(decoder.offset, 3 + term.length)
      })
    }
  }
})

test('terms written one after the other stand one after the other', () => {
  const encoder = new Encoder({ initialBytes: 1 })
  const decoder = new Decoder({ decoding: 'exact' })
  const terms = tagTable.filter(({ value }) => !(value instanceof LocalTerm))
  for (const { value, exact } of terms) encoder.writeTerm(exact ?? value)
  const bytes = encoder.take()
  for (const { name, value, exact } of terms) {
    assert.deepStrictEqual(decoder.readTerm(bytes, decoder.offset), exact ?? value, name)
  }
  assert.equal(decoder.offset, bytes.length)
})

describe('malformed contents', () => {
  const malformed: { name: string; wire: string; code: string; offset: number }[] = [
    { name: 'an unknown tag', wire: '00', code: 'ETF_UNKNOWN_TAG', offset: 1 },
    { name: 'a version byte inside a term', wire: '68 01 83 6a', code: 'ETF_UNKNOWN_TAG', offset: 3 },
    { name: 'a compressed term inside a term', wire: '68 01 50 00000000', code: 'ETF_UNKNOWN_TAG', offset: 3 },
    { name: 'a local term inside a term', wire: '68 01 79 01', code: 'ETF_UNKNOWN_TAG', offset: 3 },
    { name: 'a float that is not a number', wire: '46 7ff8000000000000', code: 'ETF_FLOAT', offset: 1 },
    { name: 'an infinite float', wire: '46 fff0000000000000', code: 'ETF_FLOAT', offset: 1 },
    { name: 'the text of a float that is none', wire: `63 '1.0x' ${'00'.repeat(27)}`, code: 'ETF_FLOAT', offset: 1 },
    { name: 'the text of an infinite float', wire: `63 '1.0e999' ${'00'.repeat(24)}`, code: 'ETF_FLOAT', offset: 1 },
    { name: 'an atom that is not UTF-8', wire: '77 01 ff', code: 'ETF_MALFORMED', offset: 3 },
    { name: 'an atom of half a surrogate pair', wire: '77 03 eda080', code: 'ETF_MALFORMED', offset: 3 },
    { name: 'an atom of 256 characters', wire: `76 0100 ${'61'.repeat(256)}`, code: 'ETF_ATOM_LENGTH', offset: 4 },
    { name: 'an atom of the cache without a header', wire: '52 00', code: 'ETF_ATOM_CACHE', offset: 1 },
    { name: 'bits that do not fit the bytes', wire: '4d 00000000 08', code: 'ETF_MALFORMED', offset: 6 },
    { name: 'no bits in a last byte', wire: '4d 00000001 00 00', code: 'ETF_MALFORMED', offset: 6 },
    { name: 'nine bits in a last byte', wire: '4d 00000001 09 00', code: 'ETF_MALFORMED', offset: 6 },
    {
      name: 'a pid whose node is a number',
      wire: '58 61 01 00000001 00000001 00000001',
      code: 'ETF_MALFORMED',
      offset: 2,
    },
    { name: 'a reference of no words', wire: "5a 0000 77 01 'a' 00000001", code: 'ETF_MALFORMED', offset: 2 },
    {
      name: 'a reference of six words',
      wire: `5a 0006 77 01 'a' ${'00000001'.repeat(7)}`,
      code: 'ETF_MALFORMED',
      offset: 2,
    },
    {
      name: 'an external fun of 256 arguments',
      wire: "71 77 01 'm' 77 01 'f' 62 00000100",
      code: 'ETF_MALFORMED',
      offset: 8,
    },
    {
      name: 'a text key twice',
      wire: "74 00000002 6d 00000001 'a' 6a 6d 00000001 'a' 6a",
      code: 'ETF_DUPLICATE_KEY',
      offset: 13,
    },
    { name: 'an atom key twice', wire: "74 00000002 77 01 'a' 6a 77 01 'a' 6a", code: 'ETF_DUPLICATE_KEY', offset: 10 },
    { name: 'a tuple as key twice', wire: '74 00000002 68 00 6a 68 00 6a', code: 'ETF_DUPLICATE_KEY', offset: 9 },
    {
      name: 'an integer key in two forms',
      wire: '74 00000002 61 01 6a 6f 00000001 00 01 6a',
      code: 'ETF_DUPLICATE_KEY',
      offset: 9,
    },
    {
      name: 'a text key in two forms',
      wire: "74 00000002 6d 00000001 'a' 6a 4d 00000001 08 'a' 6a",
      code: 'ETF_DUPLICATE_KEY',
      offset: 13,
    },
    {
      name: 'a float key twice',
      wire: `74 00000002 ${'46 3ff0000000000000 6a'.repeat(2)}`,
      code: 'ETF_DUPLICATE_KEY',
      offset: 16,
    },
  ]
  for (const { name, wire, code, offset } of malformed) {
    test(`${name} is ${code}`, () => {
      for (const decoding of ['comfortable', 'exact'] as const) {
        assert.throws(
          () => decode(Buffer.concat([version, annotated(wire)]), { decoding }),
          (error: unknown) => {
            assert.ok(error instanceof DecodeError)
            assert.deepEqual({ code: error.code, offset: error.offset }, { code, offset }, decoding)
            return true
          },
        )
      }
    })
  }

  test('a fun whose size is not the one it claims is ETF_MALFORMED', () => {
    const wire = tagTable.find(({ name }) => name === 'NEW_FUN_EXT')!.wire.replace('0000003e', '0000003d')
    assert.throws(() => decode(Buffer.concat([version, annotated(wire)])), { code: 'ETF_MALFORMED' })
  })

  test('another version byte is ETF_VERSION, and bytes after the term are ETF_TRAILING_BYTES', () => {
    assert.throws(() => decode(Buffer.of(130, 106)), { code: 'ETF_VERSION', offset: 0 })
    assert.throws(() => decode(Buffer.of(131, 106, 0)), { code: 'ETF_TRAILING_BYTES', offset: 2 })
    assert.throws(() => decode(Buffer.of()), { code: 'ETF_TRUNCATED', offset: 0 })
  })
})
