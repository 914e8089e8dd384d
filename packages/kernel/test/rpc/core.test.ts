/** The decisions of remote calls, without any node. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, ExitReason, ExportFun, Reference, type Tuple, tuple } from '@tiebeam/distribution'
import { answerOf, refusal } from '../../src/rpc/answer.ts'
import { Exposed } from '../../src/rpc/exposed.ts'
import { asErpcReason, asExitReason, asRpcReply, Thrown, thrownOutcome, undefOutcome } from '../../src/rpc/outcome.ts'
import { stackFramesOf } from '../../src/rpc/rpc-error.ts'
import { wantedOf } from '../../src/rpc/wanted.ts'

const reference = new Reference('here@host', 1, [1, 2, 3])
const otherReference = new Reference('here@host', 1, [1, 2, 4])
const call = { module: 'm', function: 'f', args: [1] }
const made = { node: 'there@host', call }

function codeOf(reason: unknown): string {
  const answer = answerOf(reason, reference, made)
  return answer.type === 'error' ? answer.error.code : 'value'
}

test('a result is taken for one only in its exact form', () => {
  assert.deepEqual(answerOf(tuple(reference, atom('return'), 7), reference, made), { type: 'value', value: 7 })
  // A copy of the reference that came back over the wire is the same one.
  const copy = new Reference('here@host', 1, [1, 2, 3])
  assert.equal(codeOf(tuple(copy, atom('return'), 7)), 'value')
  const signals: unknown[] = [
    tuple(otherReference, atom('return'), 7),
    tuple('reference', atom('return'), 7),
    tuple(reference, atom('return')),
    tuple(reference, atom('return'), 7, 8),
    tuple(reference, 'return', 7),
    tuple(reference, atom('other'), 7),
    tuple(reference, atom('error'), atom('badarg')),
    tuple(reference, atom('throw'), 1, 2),
    tuple(),
    atom('killed'),
    [reference, atom('return'), 7],
    null,
    undefined,
  ]
  for (const reason of signals) assert.equal(codeOf(reason), 'RPC_SIGNAL', String(reason))
  assert.equal(codeOf(atom('noconnection')), 'RPC_NODE_DOWN')
  assert.equal(codeOf(tuple(reference, atom('error'), tuple(atom('erpc'), atom('system_limit')))), 'RPC_REFUSED')
  assert.equal(refusal(atom('noconnection'), made).code, 'RPC_NODE_DOWN')
  assert.equal(refusal(atom('notsup'), made).code, 'RPC_NOTSUP')
  assert.equal(refusal(atom('system_limit'), made).code, 'RPC_REFUSED')
})

test('undef of another function than the called one is an exception like any other', () => {
  const undef = (...frames: Tuple[]) => codeOf(tuple(reference, atom('error'), atom('undef'), frames))
  assert.equal(undef(tuple(atom('m'), atom('f'), [1], [])), 'RPC_UNDEF')
  assert.equal(undef(tuple(atom('m'), atom('f'), 1, [])), 'RPC_UNDEF')
  assert.equal(undef(tuple(atom('m'), atom('g'), [1], []), tuple(atom('m'), atom('f'), 1, [])), 'RPC_EXCEPTION')
  assert.equal(undef(), 'RPC_EXCEPTION')
})

test('a stack is read as far as it is one', () => {
  const location = [tuple(atom('file'), [109, 46, 101, 114, 108]), tuple(atom('line'), 12)]
  assert.deepEqual(stackFramesOf([tuple(atom('m'), atom('f'), [1, 2], location)]), [
    { module: 'm', function: 'f', arity: 2, args: [1, 2], file: 'm.erl', line: 12 },
  ])
  const odd = [
    1,
    tuple(),
    tuple('m', 'f', 1),
    tuple(atom('m'), atom('f'), 'x', []),
    tuple(atom('m'), atom('f'), 1, 'x'),
  ]
  assert.deepEqual(stackFramesOf(odd), [{ module: 'm', function: 'f', arity: 1 }])
  const strange = [tuple(atom('m'), atom('f'), 1, [tuple(atom('file'), [-1, 'x']), tuple(atom('line'), 'x')])]
  assert.deepEqual(stackFramesOf(strange), [{ module: 'm', function: 'f', arity: 1 }])
  for (const none of [undefined, 'stack', tuple()]) assert.deepEqual(stackFramesOf(none), [])
})

test('what a function throws has one form for each way to ask', () => {
  const frame = tuple(atom('m'), atom('f'), 1, [])
  const javascript = tuple(atom('javascript'), 'RangeError', 'too \ufffd many')
  const failed = thrownOutcome(new RangeError('too \ud800 many'), call)
  assert.deepEqual(asErpcReason(failed, reference), tuple(reference, atom('error'), javascript, [frame]))
  assert.deepEqual(asRpcReply(failed), tuple(atom('badrpc'), tuple(atom('EXIT'), tuple(javascript, [frame]))))
  assert.deepEqual(asExitReason(failed), tuple(javascript, [frame]))
  const thrown = thrownOutcome(new Thrown('ball'), call)
  assert.deepEqual(asErpcReason(thrown, reference), tuple(reference, atom('throw'), 'ball'))
  assert.deepEqual([asRpcReply(thrown), asExitReason(thrown)], ['ball', tuple(tuple(atom('nocatch'), 'ball'), [])])
  const exited = thrownOutcome(new ExitReason(atom('why')), call)
  assert.deepEqual(asErpcReason(exited, reference), tuple(reference, atom('exit'), atom('why')))
  assert.deepEqual(asRpcReply(exited), tuple(atom('badrpc'), tuple(atom('EXIT'), atom('why'))))
  assert.deepEqual(asExitReason(undefOutcome(call)), tuple(atom('undef'), [tuple(atom('m'), atom('f'), [1], [])]))
  assert.deepEqual(asExitReason({ type: 'return', value: 1 }), atom('normal'))
  assert.deepEqual(asRpcReply({ type: 'limit' }), tuple(atom('badrpc'), tuple(atom('EXIT'), atom('system_limit'))))
})

test('spawn requests of erpc are told from others', () => {
  const erpc = (name: string, ...args: unknown[]) => wantedOf({ module: 'erpc', function: name, args })
  assert.deepEqual(erpc('execute_call', reference, atom('m'), atom('f'), [1]), { type: 'call', reference, call })
  assert.deepEqual(erpc('execute_cast', atom('m'), atom('f'), [1]), { type: 'cast', call })
  assert.deepEqual(wantedOf(call), { type: 'cast', call })
  const malformed = [atom('m'), atom('f'), 'no list']
  assert.deepEqual(erpc('execute_call', reference, ...malformed), { type: 'call', reference, call: { malformed } })
  const named = new ExportFun('m', 'f', 1)
  assert.deepEqual(erpc('execute_cast', atom('erlang'), atom('apply'), [named, [1]]), { type: 'cast', call })
  // With another number of arguments it is a call of apply/2, which is undef.
  const wrong = erpc('execute_cast', atom('erlang'), atom('apply'), [named, []])
  assert.deepEqual(wrong, { type: 'cast', call: { module: 'erlang', function: 'apply', args: [named, []] } })
  // The atoms true, false, nil and undefined arrive as values of JavaScript.
  const odd = erpc('execute_cast', null, undefined, [])
  assert.deepEqual(odd, { type: 'cast', call: { module: 'nil', function: 'undefined', args: [] } })
})

test('only own properties are exposed, as they were', () => {
  class Base {
    inherited(): number {
      return 1
    }
  }
  class Module extends Base {
    readonly own = () => 2
    method(): number {
      return 3
    }
  }
  const exposed = new Exposed()
  const module: Record<string, () => number> = Object.assign(new Module(), { __proto__: { hidden: () => 4 } }) as never
  exposed.add({ module })
  const find = (name: string, ...args: unknown[]) => exposed.find({ module: 'module', function: name, args })
  assert.equal(typeof find('own'), 'function')
  for (const name of ['inherited', 'method', 'hidden', 'constructor', 'toString', '__proto__', 'own/0', '']) {
    assert.equal(find(name), undefined, name)
  }
  module.later = () => 5
  assert.equal(find('later'), undefined)
  for (const name of ['toString', '__proto__', 'constructor', 'Module']) {
    assert.equal(exposed.find({ module: name, function: 'own', args: [] }), undefined)
  }
})

test('a name with a number of arguments goes before the name alone', () => {
  const exposed = new Exposed()
  const [any, one] = [() => 'any', () => 'one']
  exposed.add({ m: { f: any, 'f/1': one, 'g/2': any } })
  const find = (name: string, ...args: unknown[]) => exposed.find({ module: 'm', function: name, args })
  assert.equal(find('f', 1), one)
  assert.equal(find('f'), any)
  assert.equal(find('f', 1, 2), any)
  assert.equal(find('g', 1), undefined)
  assert.equal(find('g', 1, 2), any)
})
