import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, tuple } from '@tiebeam/distribution'
import {
  argumentsOf,
  isUnknownCallReply,
  RequestTable,
  requestOf,
  unknownCallReply,
} from '../../src/gen-server/requests.ts'

test('a name without arguments is an atom, and one with arguments a tuple', () => {
  assert.equal(requestOf('get', []), atom('get'))
  assert.deepEqual(requestOf('add', [5]), tuple(atom('add'), 5))
  assert.deepEqual(argumentsOf(requestOf('get', [])), [])
  assert.deepEqual(argumentsOf(requestOf('put', ['key', undefined])), ['key', undefined])
})

test('a request finds the handler of its name, if it has arguments enough', () => {
  const handlers = { get: () => 1, add: (_a: number, _b: number) => 2, some: (_a: number, _b = 1) => 3 }
  const table = new RequestTable(handlers)
  for (const request of [atom('get'), tuple(atom('get')), tuple(atom('get'), 'more')]) {
    assert.equal(table.handlerOf(request), handlers.get)
  }
  assert.equal(table.handlerOf(tuple(atom('add'), 1, 2)), handlers.add)
  assert.equal(table.handlerOf(tuple(atom('some'), 1)), handlers.some)
  for (const request of [atom('add'), tuple(atom('add'), 1), 'get', tuple('get'), tuple(), [atom('get')], undefined]) {
    assert.equal(table.handlerOf(request), undefined)
  }
})

test('only what the handlers own can be requested', () => {
  const table = new RequestTable(Object.assign(Object.create({ inherited: () => 1 }), { own: () => 2 }))
  assert.ok(table.handlerOf(atom('own')))
  for (const name of ['inherited', 'constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    assert.equal(table.handlerOf(atom(name)), undefined)
  }
})

test('the refusal of an unknown call is told from other errors', () => {
  assert.ok(isUnknownCallReply(unknownCallReply(tuple(atom('typo'), 1))))
  for (const reply of [undefined, atom('error'), tuple(atom('error'), atom('unknown_call')), tuple(atom('ok'), 1)]) {
    assert.equal(isUnknownCallReply(reply), false)
  }
})
