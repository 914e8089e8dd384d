import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, ImproperList, Pid, tuple } from '@tiebeam/distribution'
import { parseScopeMessage, type ScopeMessage, scopeMessage } from '../../src/groups/scope-messages.ts'

const peer = new Pid('a@host', 1, 0, 7)
const member = new Pid('a@host', 2, 0, 7)
const foreign = new Pid('b@host', 2, 0, 7)
const cast = (...elements: unknown[]) => tuple(atom('$gen_cast'), tuple(...elements))

const messages: readonly (readonly [ScopeMessage, unknown])[] = [
  [{ type: 'discover', peer }, tuple(atom('discover'), peer)],
  [{ type: 'sync', peer, groups: [tuple('g', [member])] }, cast(atom('sync'), peer, [tuple('g', [member])])],
  [{ type: 'join', peer, group: 'g', pids: [member] }, tuple(atom('join'), peer, 'g', member)],
  [{ type: 'join', peer, group: 'g', pids: [member, member] }, tuple(atom('join'), peer, 'g', [member, member])],
  [{ type: 'leave', peer, pids: [member], groups: ['g', 'h'] }, tuple(atom('leave'), peer, member, ['g', 'h'])],
]

test('messages have the shapes of OTP', () => {
  for (const [message, term] of messages) {
    assert.deepEqual(scopeMessage(message), term)
    assert.deepEqual(parseScopeMessage(term), message)
  }
})

test('a discover with a protocol version, as OTP 26 and later accept it, is understood', () => {
  assert.deepEqual(parseScopeMessage(tuple(atom('discover'), peer, 2)), { type: 'discover', peer })
})

test('what is malformed, or names members of a third node, is not understood', () => {
  const malformed = [
    'text',
    42,
    null,
    [],
    atom('discover'),
    tuple(),
    tuple(atom('discover')),
    tuple(atom('discover'), 'no pid'),
    tuple(atom('discover'), peer, 1, 2),
    tuple(atom('join'), peer, 'g'),
    tuple(atom('join'), 'no pid', 'g', member),
    tuple(atom('join'), peer, 'g', 'no pid'),
    tuple(atom('join'), peer, 'g', foreign),
    tuple(atom('join'), peer, 'g', [member, foreign]),
    tuple(atom('join'), peer, 'g', new ImproperList([member], member)),
    tuple(atom('join'), peer, 'g', member, 'more'),
    tuple(atom('leave'), peer, member, 'no list'),
    tuple(atom('leave'), peer, foreign, ['g']),
    tuple(atom('leave'), peer, [1], ['g']),
    tuple(atom('leave'), peer, member, new ImproperList(['g'], 'h')),
    tuple(atom('leave'), peer, member, ['g'], 'more'),
    cast(atom('sync'), peer),
    cast(atom('sync'), 'no pid', []),
    cast(atom('sync'), peer, 'no list'),
    cast(atom('sync'), peer, ['no tuple']),
    cast(atom('sync'), peer, [tuple('g')]),
    cast(atom('sync'), peer, [tuple('g', member)]),
    cast(atom('sync'), peer, [tuple('g', [foreign])]),
    cast(atom('sync'), peer, [tuple('g', new ImproperList([member], member))]),
    cast(atom('sync'), peer, new ImproperList([tuple('g', [member])], 1)),
    cast(atom('other'), peer, []),
    tuple(atom('$gen_cast'), atom('sync')),
    tuple(atom('$gen_call'), peer, atom('sync')),
  ]
  for (const message of malformed) assert.equal(parseScopeMessage(message), undefined, String(message))
})
