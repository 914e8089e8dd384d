import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { Presentation, wantsColours } from '../src/presentation.ts'

function present(coloured: boolean): string {
  let now = 1000
  let text = ''
  const presentation = new Presentation({ write: (line) => (text += line) }, coloured, () => now)
  presentation.header('Title', ['a line'])
  presentation.step('First')
  now += 1234.5
  presentation.event('foo@127.0.0.1 is up', 1034.5)
  presentation.passed('all is well')
  presentation.step('Second')
  presentation.failed('not \u001B[31mthis\u001B[39m', now)
  presentation.paragraph(['more of it'])
  return text
}

test('without colours there is no control character, whatever a process wrote', () => {
  assert.equal(
    present(false),
    [
      'Title',
      'a line',
      '',
      '1. First',
      '  1.234 s +1200.0 ms    foo@127.0.0.1 is up',
      '  1.234 s             ✓ all is well',
      '',
      '2. Second',
      '  1.234 s    +0.0 ms  ✗ not this',
      '  more of it',
      '',
    ].join('\n'),
  )
})

test('colours change nothing but colours', () => {
  assert.notEqual(present(true), present(false))
  assert.equal(stripVTControlCharacters(present(true)), present(false))
})

test('colours are for terminals, unless NO_COLOR is set', () => {
  const terminal = { isTTY: true, write: () => true }
  assert.equal(wantsColours(terminal, {}), true)
  assert.equal(wantsColours(terminal, { NO_COLOR: '1' }), false)
  assert.equal(wantsColours(terminal, { NO_COLOR: '' }), true)
  assert.equal(wantsColours(terminal, { TERM: 'dumb' }), false)
  assert.equal(wantsColours({ write: () => true }, {}), false)
})
