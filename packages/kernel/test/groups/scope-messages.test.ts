import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, ImproperList, Pid, tuple } from '@tiebeam/distribution'
import {
  type GroupEntry,
  parseScopeMessage,
  type ScopeMessage,
  SYNC_LIMITS,
  scopeMessage,
  splitForOtp,
  splitForTiebeam,
} from '../../src/groups/scope-messages.ts'

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

const joins: readonly (readonly [ScopeMessage, unknown])[] = [
  [
    { type: 'joins', peer, groups: [tuple('g', [member])] },
    tuple(atom('$tiebeam.joins'), peer, [tuple('g', [member])]),
  ],
]

test('messages have the shapes of OTP, or the one of Tiebeam', () => {
  for (const [message, term] of [...messages, ...joins]) {
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
    tuple(atom('$tiebeam.joins'), peer, 'no list'),
    tuple(atom('$tiebeam.joins'), peer, [tuple('g', [foreign])]),
    tuple(atom('$tiebeam.joins'), peer, [tuple('g', [member])], 'more'),
    tuple(atom('$gen_cast'), atom('sync')),
    tuple(atom('$gen_call'), peer, atom('sync')),
  ]
  for (const message of malformed) assert.equal(parseScopeMessage(message), undefined, String(message))
})

const sizes = [1, 1_200, 499, 16, 2, 500, 1, 1, 501]
const entries: readonly GroupEntry[] = sizes.map((size, number) => tuple(`g${number}`, Array(size).fill(member)))
const told = (messages: readonly (readonly GroupEntry[])[]) =>
  messages.map((groups) => groups.map(({ elements: [group, { length }] }) => `${group}×${length}`).join(' '))

test('a first sync to a Tiebeam node is cut into small messages that name each group once', () => {
  const { sync, joins } = splitForTiebeam(entries, SYNC_LIMITS)
  assert.deepEqual(told([sync, ...joins]), [
    'g1×500',
    'g1×500',
    'g1×200',
    'g0×1 g2×499',
    'g3×16 g4×2',
    'g5×500',
    'g8×500',
    'g8×1',
    'g6×1 g7×1',
  ])
  const nothing = splitForTiebeam([], SYNC_LIMITS)
  assert.deepEqual([nothing.sync, ...nothing.joins], [[]])
})

test('a first sync to OTP is cut where there are many members in a group', () => {
  const { sync, joins } = splitForOtp(entries, SYNC_LIMITS)
  assert.deepEqual(told([sync]), ['g0×1 g2×499 g4×2 g6×1 g7×1'])
  assert.deepEqual(told([...joins]), ['g1×500', 'g1×500', 'g1×200', 'g3×16', 'g5×500', 'g8×500', 'g8×1'])
})
