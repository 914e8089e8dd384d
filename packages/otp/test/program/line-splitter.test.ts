import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cases, random } from '@tiebeam/testing'
import { LineSplitter, type Piece } from '../../src/program/line-splitter.ts'

function split(chunks: readonly (string | Uint8Array)[], lineBytesMax = 1024): Piece[] {
  const splitter = new LineSplitter(lineBytesMax)
  return [...chunks.flatMap((chunk) => [...splitter.push(Buffer.from(chunk as string))]), ...splitter.end()]
}

const whole = (...texts: string[]): Piece[] => texts.map((text) => ({ text, complete: true }))
const piece = (text: string): Piece => ({ text, complete: false })

test('lines end with LF or CR LF, and a CR anywhere else is part of its line', () => {
  assert.deepEqual(split(['a\nb\r\n\nc\rd\n\r\n']), whole('a', 'b', '', 'c\rd', ''))
})

test('a line that comes in several chunks is one line, also when a chunk ends within CR LF', () => {
  assert.deepEqual(split(['a', 'b\r', '\nc', '\n']), whole('ab', 'c'))
})

test('a last line without line end is delivered, and marked as such', () => {
  assert.deepEqual(split(['a\nb']), [...whole('a'), piece('b')])
  assert.deepEqual(split(['a\n']), whole('a'))
  assert.deepEqual(split([]), [])
})

test('a character that is spread over chunks is whole, and bytes that are none show as U+FFFD', () => {
  const bytes = Buffer.from('€😀\n')
  assert.deepEqual(split([...bytes].map((byte) => Uint8Array.of(byte))), whole('€😀'))
  assert.deepEqual(split([Uint8Array.of(0x61, 0xff, 0x62, 0x0a)]), whole('a\ufffdb'))
})

test('a line as long as the limit is one line, with either line end', () => {
  assert.deepEqual(split(['12345678\n12345678\r\n'], 8), whole('12345678', '12345678'))
  assert.deepEqual(split(['12345678', '\r', '\n'], 8), whole('12345678'))
})

test('a longer line comes in pieces, of which the last is complete', () => {
  assert.deepEqual(split(['123456789\nx\n'], 8), [piece('12345678'), ...whole('9', 'x')])
  assert.deepEqual(split(['1234567890'], 4), [piece('1234'), piece('5678'), piece('90')])
})

test('no piece cuts a character, unless there are none', () => {
  assert.deepEqual(split(['ab€€\n'], 4), [piece('ab'), piece('€'), ...whole('€')])
  assert.deepEqual(split(['😀😀\n'], 4), [piece('😀'), ...whole('😀')])
  const stray = split([Buffer.alloc(10, 0x80)], 4)
  assert.deepEqual(
    stray.map(({ text }) => text.length),
    [4, 4, 2],
  )
})

test('whatever the chunks, the lines are the same, and together they are what was printed', () => {
  const source = random()
  for (let count = 0; count < cases(2_000); count++) {
    const text = Array.from({ length: source.integer(0, 60) }, () => source.pick(['a', '€', '😀', '\n', '\r\n'])).join(
      '',
    )
    const bytes = Buffer.from(text)
    const chunks: Uint8Array[] = []
    for (let at = 0; at < bytes.length; ) {
      const length = source.integer(1, 9)
      chunks.push(bytes.subarray(at, at + length))
      at += length
    }
    const lineBytesMax = source.integer(4, 20)
    const pieces = split(chunks, lineBytesMax)
    assert.deepEqual(pieces, split([bytes], lineBytesMax))
    const joined = pieces.map((each) => each.text + (each.complete ? '\n' : '')).join('')
    assert.equal(joined, text.replaceAll('\r\n', '\n'))
    for (const each of pieces) assert.ok(Buffer.byteLength(each.text) <= lineBytesMax)
  }
})
