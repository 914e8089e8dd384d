import assert from 'node:assert/strict'
import { test } from 'node:test'
import { random } from '@tiebeam/testing'
import { hasCode } from '../../src/index.ts'
import { LineSplitter } from '../../src/watch/line-splitter.ts'

test('lines come out whole, wherever the bytes were cut', () => {
  const numbers = random()
  const lines = ['{"a":"ä€😀"}', '{}', '{"b":1}', 'x'.repeat(300)]
  const bytes = Buffer.from(`${lines.join('\n')}\n`)
  for (let round = 0; round < 300; round += 1) {
    const splitter = new LineSplitter(1000)
    const found: string[] = []
    for (let start = 0; start < bytes.length; ) {
      const end = Math.min(bytes.length, start + numbers.integer(1, 40))
      found.push(...splitter.push(bytes.subarray(start, end)))
      start = end
    }
    assert.deepEqual(found, lines)
    assert.equal(splitter.pendingBytes, 0)
  }
})

test('empty lines are no events, and the rest of a line is kept until its end comes', () => {
  const splitter = new LineSplitter(100)
  assert.deepEqual([...splitter.push(Buffer.from('\r\n\n{"a":'))], [])
  assert.equal(splitter.pendingBytes, 5)
  assert.deepEqual([...splitter.push(Buffer.from('1}\n\n'))], ['{"a":1}'])
})

test('a line without end is refused before it fills the memory', () => {
  const splitter = new LineSplitter(100)
  assert.deepEqual([...splitter.push(Buffer.alloc(100, 'x'))], [])
  assert.throws(
    () => [...splitter.push(Buffer.from('x'))],
    (error) => hasCode(error, 'RESPONSE_TOO_LARGE'),
  )
})
