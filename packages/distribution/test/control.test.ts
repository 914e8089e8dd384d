import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Atom, atom, Decoder, encode, Pid, Reference, Tuple, tuple } from '@tiebeam/etf'
import { OPERATION, toControl, toSignal } from '../src/control.ts'
import { FLAGS, OFFERED_FLAGS } from '../src/flags.ts'
import { DistributionError } from '../src/index.ts'
import type { Signal } from '../src/signals.ts'

const from = new Pid('otp@h', 98, 1, 7)
const to = new Pid('tie@h', 99, 0, 9)
const reference = new Reference('otp@h', 7, [1, 2, 3])
const token = tuple(0, 1, 2, from, 3)
const call = tuple(atom('erpc'), atom('execute_call'), 4)

interface Row {
  readonly operation: number
  readonly control: readonly unknown[]
  readonly payload?: { readonly term: unknown }
  readonly signal: Signal
  /** Whether this is the form in which we send the signal to a peer that can do all that we can. */
  readonly sent: boolean
}

const message = { term: 'hello' }

/** Every operation of the protocol, once. */
const rows: Row[] = [
  { operation: 1, control: [from, to], signal: { type: 'link', from, to }, sent: true },
  {
    operation: 2,
    control: [atom(''), to],
    payload: message,
    signal: { type: 'send', from: undefined, to, message: 'hello' },
    sent: true,
  },
  { operation: 3, control: [from, to, 'why'], signal: { type: 'exit', from, to, reason: 'why' }, sent: false },
  { operation: 4, control: [from, to], signal: { type: 'unlink', id: 0n, from, to }, sent: false },
  {
    operation: 6,
    control: [from, atom(''), atom('rex')],
    payload: message,
    signal: { type: 'sendName', from, name: 'rex', message: 'hello' },
    sent: true,
  },
  { operation: 7, control: [from, to], signal: { type: 'groupLeader', from, to }, sent: true },
  { operation: 8, control: [from, to, 'why'], signal: { type: 'exit2', from, to, reason: 'why' }, sent: false },
  {
    operation: 12,
    control: [atom(''), to, token],
    payload: message,
    signal: { type: 'send', from: undefined, to, message: 'hello' },
    sent: false,
  },
  { operation: 13, control: [from, to, token, 'why'], signal: { type: 'exit', from, to, reason: 'why' }, sent: false },
  {
    operation: 16,
    control: [from, atom(''), atom('rex'), token],
    payload: message,
    signal: { type: 'sendName', from, name: 'rex', message: 'hello' },
    sent: false,
  },
  { operation: 18, control: [from, to, token, 'why'], signal: { type: 'exit2', from, to, reason: 'why' }, sent: false },
  { operation: 19, control: [from, to, reference], signal: { type: 'monitor', from, to, reference }, sent: true },
  {
    operation: 20,
    control: [from, atom('rex'), reference],
    signal: { type: 'demonitor', from, to: 'rex', reference },
    sent: true,
  },
  {
    operation: 21,
    control: [from, to, reference, 'why'],
    signal: { type: 'monitorExit', from, to, reference, reason: 'why' },
    sent: false,
  },
  {
    operation: 22,
    control: [from, to],
    payload: message,
    signal: { type: 'send', from, to, message: 'hello' },
    sent: true,
  },
  {
    operation: 23,
    control: [from, to, token],
    payload: message,
    signal: { type: 'send', from, to, message: 'hello' },
    sent: false,
  },
  {
    operation: 24,
    control: [from, to],
    payload: { term: 'why' },
    signal: { type: 'exit', from, to, reason: 'why' },
    sent: true,
  },
  {
    operation: 25,
    control: [from, to, token],
    payload: { term: 'why' },
    signal: { type: 'exit', from, to, reason: 'why' },
    sent: false,
  },
  {
    operation: 26,
    control: [from, to],
    payload: { term: 'why' },
    signal: { type: 'exit2', from, to, reason: 'why' },
    sent: true,
  },
  {
    operation: 27,
    control: [from, to, token],
    payload: { term: 'why' },
    signal: { type: 'exit2', from, to, reason: 'why' },
    sent: false,
  },
  {
    operation: 28,
    control: [atom('rex'), to, reference],
    payload: { term: 'why' },
    signal: { type: 'monitorExit', from: 'rex', to, reference, reason: 'why' },
    sent: true,
  },
  {
    operation: 29,
    control: [reference, from, from, call, [atom('monitor')]],
    payload: { term: [1, 'two'] },
    signal: {
      type: 'spawnRequest',
      requestId: reference,
      from,
      groupLeader: from,
      module: atom('erpc'),
      function: atom('execute_call'),
      arity: 4,
      options: [atom('monitor')],
      args: [1, 'two'],
    },
    sent: true,
  },
  {
    operation: 30,
    control: [reference, from, from, call, [], token],
    payload: { term: [] },
    signal: {
      type: 'spawnRequest',
      requestId: reference,
      from,
      groupLeader: from,
      module: atom('erpc'),
      function: atom('execute_call'),
      arity: 4,
      options: [],
      args: [],
    },
    sent: false,
  },
  {
    operation: 31,
    control: [reference, to, 3, from],
    signal: { type: 'spawnReply', requestId: reference, to, flags: 3, result: from },
    sent: true,
  },
  {
    operation: 32,
    control: [reference, to, 0, atom('notsup'), token],
    signal: { type: 'spawnReply', requestId: reference, to, flags: 0, result: atom('notsup') },
    sent: false,
  },
  {
    operation: 33,
    control: [from, reference],
    payload: message,
    signal: { type: 'sendAlias', from, alias: reference, message: 'hello' },
    sent: true,
  },
  {
    operation: 34,
    control: [from, reference, token],
    payload: message,
    signal: { type: 'sendAlias', from, alias: reference, message: 'hello' },
    sent: false,
  },
  { operation: 35, control: [5, from, to], signal: { type: 'unlink', id: 5n, from, to }, sent: true },
  { operation: 36, control: [5, from, to], signal: { type: 'unlinkAck', id: 5n, from, to }, sent: true },
]

function controlOf(row: Row): Tuple {
  return new Tuple([row.operation, ...row.control])
}

/** As it comes from the wire. */
function overTheWire(term: unknown): unknown {
  const bytes = encode(term)
  return new Decoder().readTerm(bytes, 1, bytes.length)
}

test('the table holds every operation that OTP 25 has', () => {
  assert.deepEqual(
    rows.map((row) => row.operation),
    Object.values(OPERATION),
  )
})

for (const row of rows) {
  const name = Object.keys(OPERATION).find((key) => OPERATION[key as keyof typeof OPERATION] === row.operation)

  test(`${name} is read as its signal`, () => {
    const control = overTheWire(controlOf(row)) as Tuple
    const { payload } = row
    const read = toSignal(
      payload ? { control, payload: payload.term, hasPayload: true } : { control, hasPayload: false },
    )
    assert.deepEqual(read, row.signal)
  })

  test(`${name} with a payload too many or too few, or cut short, is malformed`, () => {
    const control = controlOf(row)
    const wrong = row.payload ? { control, hasPayload: false } : { control, payload: 1, hasPayload: true }
    assert.throws(() => toSignal(wrong), isMalformed)
    // The trace token is the last element of some: nobody reads it.
    const needed =
      row.control.includes(token) && row.control.at(-1) === token ? row.control.length - 1 : row.control.length
    for (let length = 0; length < needed; length++) {
      const short = new Tuple([row.operation, ...row.control.slice(0, length)])
      const message = row.payload
        ? { control: short, payload: row.payload.term, hasPayload: true }
        : { control: short, hasPayload: false }
      assert.throws(() => toSignal(message), isMalformed, `${length} elements`)
    }
  })

  test(`${name} with elements of a wrong type is malformed, or skips what it does not read`, () => {
    for (const [index] of row.control.entries()) {
      const control = new Tuple([row.operation, ...row.control.with(index, 1.5)])
      const message = row.payload
        ? { control, payload: row.payload.term, hasPayload: true }
        : { control, hasPayload: false }
      try {
        toSignal(message)
      } catch (error) {
        assert.ok(isMalformed(error), String(error))
      }
    }
  })

  if (row.sent) {
    test(`${name} is what its signal is sent as`, () => {
      const { control, payload, hasPayload } = toControl(row.signal, OFFERED_FLAGS)
      assert.ok(control.equals(controlOf(row)), control.toString())
      assert.deepEqual([hasPayload, payload], [row.payload !== undefined, row.payload?.term])
    })
  }
}

test('a peer without the flags gets the older operations', () => {
  const flags = OFFERED_FLAGS & ~FLAGS.SEND_SENDER.bit & ~FLAGS.EXIT_PAYLOAD.bit & ~FLAGS.UNLINK_ID.bit
  const operations = rows
    .filter((row) => row.sent)
    .map((row) => [row.operation, toControl(row.signal, flags).control.at(0)])
    .filter(([newer, older]) => newer !== older)
  assert.deepEqual(operations, [
    [22, 2],
    [24, 3],
    [26, 8],
    [28, 21],
    [35, 4],
  ])
})

test('an unknown operation is an outcome, not an error', () => {
  const control = tuple(37, 0, from, to)
  assert.deepEqual(toSignal({ control, payload: 1, hasPayload: true }), {
    type: 'unknown',
    operation: 37,
    control,
    message: 1,
  })
  assert.deepEqual(toSignal({ control, hasPayload: false }), { type: 'unknown', operation: 37, control })
  assert.throws(() => toControl({ type: 'unknown', operation: 37, control }, OFFERED_FLAGS), DistributionError)
})

test('a control message that is no tuple, or has no operation, is malformed', () => {
  for (const control of [tuple(), tuple(atom('send')), tuple(1.5), 'send' as unknown as Tuple]) {
    assert.throws(() => toSignal({ control, hasPayload: false }), isMalformed)
  }
})

test('names that arrive as values of JavaScript are names still', () => {
  for (const name of ['true', 'false', 'nil', 'undefined']) {
    const control = overTheWire(tuple(6, from, atom(''), atom(name))) as Tuple
    assert.deepEqual(toSignal({ control, payload: 1, hasPayload: true }), { type: 'sendName', from, name, message: 1 })
  }
  const control = overTheWire(tuple(31, reference, to, 0, atom('undefined'))) as Tuple
  const reply = toSignal({ control, hasPayload: false })
  assert.ok(reply.type === 'spawnReply' && reply.result instanceof Atom && reply.result.name === 'undefined')
})

test('unlink ids span 64 bits and leave out zero', () => {
  const largest = (1n << 64n) - 1n
  const control = overTheWire(toControl({ type: 'unlink', id: largest, from, to }, OFFERED_FLAGS).control) as Tuple
  assert.deepEqual(toSignal({ control, hasPayload: false }), { type: 'unlink', id: largest, from, to })
  for (const id of [0, -1, largest + 1n, 1.5, 'x']) {
    assert.throws(() => toSignal({ control: tuple(35, id, from, to), hasPayload: false }), isMalformed)
  }
})

function isMalformed(error: unknown): boolean {
  return error instanceof DistributionError && error.code === 'MESSAGE_MALFORMED'
}
