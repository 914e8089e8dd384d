/** The table of docs/terms.md, row by row: what is said that Elixir and Erlang see is what they see. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as etf from '@tiebeam/etf'
import { requirePeer, startElixir } from '@tiebeam/testing'

const page = readFileSync(new URL('../terms.md', import.meta.url), 'utf8')

/** The rows whose first cell begins with an expression: that, and the cells for Elixir, Erlang and the way back. */
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('\\|', '|')),
  )
  .filter(([cell = '']) => !cell.startsWith('`Pid`'))

/** @param {string | undefined} cell */
const code = (cell) => /^`([^`]+)`/.exec(cell ?? '')?.[1]

/** @param {string} expression */
function evaluate(expression) {
  return new Function(...Object.keys(etf), `return (${expression})`)(...Object.values(etf))
}

test('the table of terms is what Elixir and Erlang print', async (t) => {
  if (!requirePeer(t, 'elixir')) return
  const elixir = await startElixir(t)
  for (const [javaScript, elixirCell, erlangCell] of rows) {
    const expression = code(javaScript) ?? ''
    const bytes = etf.encode(evaluate(expression)).toString('hex').toUpperCase()
    const seen = await elixir.evaluateElixir(`:erlang.binary_to_term(Base.decode16!("${bytes}"))`)
    assert.equal(seen, code(elixirCell), `${expression} in Elixir`)
    const wanted = code(erlangCell)
    if (!wanted) continue
    const term = await elixir.evaluate(`binary_to_term(binary:decode_hex(<<"${bytes}">>))`)
    assert.equal(term, wanted, `${expression} in Erlang`)
  }
  t.diagnostic(`${rows.length} rows`)
})

test('what the table says is the same arrives as it was sent', () => {
  const same = rows.filter(([, , , back = '']) => back.startsWith('the same'))
  assert.ok(same.length >= 12)
  for (const [javaScript] of same) {
    const value = evaluate(code(javaScript) ?? '')
    assert.deepStrictEqual(etf.decode(etf.encode(value)), value, javaScript)
  }
})
