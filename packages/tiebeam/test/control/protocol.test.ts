import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cases, random } from '@tiebeam/testing'
import { decodeRequest, encodeLine, LineReader } from '../../src/control/protocol.ts'

test('lines are the same however the bytes are cut', () => {
  const numbers = random()
  const lines = ['', 'a', 'é'.repeat(100), '{"id":1}', 'x'.repeat(1_000)]
  const bytes = Buffer.from(`${lines.join('\n')}\nrest`)
  for (let round = 0; round < cases(200); round += 1) {
    const reader = new LineReader(10_000)
    const read: string[] = []
    for (let at = 0; at < bytes.length; ) {
      const end = at + 1 + numbers.integer(0, 300)
      read.push(...reader.push(bytes.subarray(at, end)))
      at = end
    }
    assert.deepEqual(read, lines)
  }
})

test('a line of the limit is taken, and one byte more is not', () => {
  assert.deepEqual(new LineReader(4).push(Buffer.from('abcd\n')), ['abcd'])
  assert.throws(() => new LineReader(4).push(Buffer.from('abcde')), { code: 'CONTROL_REFUSED' })
  const reader = new LineReader(4)
  reader.push(Buffer.from('abc'))
  assert.throws(() => reader.push(Buffer.from('de\n')), { code: 'CONTROL_REFUSED' })
})

test('requests come back as they were', () => {
  const request = { id: 1, type: 'evaluate', code: 'a\n"b"', colours: true, json: false } as const
  assert.deepEqual(decodeRequest(encodeLine(request).trimEnd()), request)
})

for (const line of [
  '',
  'null',
  '[]',
  '1',
  '{}',
  '{"id":1}',
  '{"id":"1","type":"stop"}',
  '{"id":1,"type":"evaluate"}',
  '{"id":1.5,"type":"about"}',
  '{"id":1,"type":"evaluate","code":1}',
]) {
  test(`the request ${line} is refused`, () => {
    assert.throws(() => decodeRequest(line), { code: 'CONTROL_REFUSED' })
  })
}
