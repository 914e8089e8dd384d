import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, Pid, tuple } from '@tiebeam/distribution'
import { inputRequestOf } from '../../src/program/input-message.ts'
import { lineMessage, type ProgramLine, programLineOf } from '../../src/program/program-line.ts'

const program = new Pid('a@b', 1, 0, 5)

test('a line of output survives being a message', () => {
  const lines: ProgramLine[] = [
    { program, stream: 'stdout', text: '€', complete: true },
    { program, stream: 'stderr', text: '', complete: false },
  ]
  for (const line of lines) assert.deepEqual(programLineOf(lineMessage(line)), line)
  const [first] = lines
  assert.equal(lineMessage(first as ProgramLine).at(-1), atom('eol'))
})

test('other messages are no lines of output', () => {
  const [tag, stdout, eol] = [atom('program_line'), atom('stdout'), atom('eol')]
  const others = [
    'program_line',
    undefined,
    tuple(tag),
    tuple(tag, program, stdout, 'x', eol, 1),
    tuple(atom('line'), program, stdout, 'x', eol),
    tuple(tag, 'pid', stdout, 'x', eol),
    tuple(tag, program, atom('stdin'), 'x', eol),
    tuple(tag, program, stdout, 5, eol),
    tuple(tag, program, stdout, 'x', atom('end')),
  ]
  for (const other of others) assert.equal(programLineOf(other), undefined)
})

test('input is text, bytes or the end of it, and nothing else', () => {
  const input = atom('input')
  assert.deepEqual(inputRequestOf(tuple(input, 'x')), { type: 'write', data: 'x' })
  assert.deepEqual(inputRequestOf(tuple(input, Uint8Array.of(1))), { type: 'write', data: Uint8Array.of(1) })
  assert.deepEqual(inputRequestOf(tuple(input, atom('eof'))), { type: 'close' })
  for (const other of ['x', tuple(input), tuple(input, 5), tuple(atom('output'), 'x'), tuple(input, 'x', 'y')]) {
    assert.equal(inputRequestOf(other), undefined)
  }
})
