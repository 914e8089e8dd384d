import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requirePeer } from '@tiebeam/testing'
import { ednOf, type Operation, violationsOf } from './list-append.ts'
import { askPorcupine } from './porcupine.ts'

function operation(
  client: string,
  invokedNs: number,
  returnedNs: number | undefined,
  steps: Operation['steps'],
  outcome: Operation['outcome'] = 'ok',
): Operation {
  return {
    client,
    invokedNs: BigInt(invokedNs),
    returnedNs: returnedNs === undefined ? undefined : BigInt(returnedNs),
    steps,
    outcome,
  }
}

const first = operation('a', 0, 10, [{ key: 'x', append: 1, read: [] }])
const second = operation('b', 20, 30, [{ key: 'x', append: 2, read: [1] }])

const unknown = operation('c', 5, undefined, [{ key: 'y', append: 3 }], 'unknown')
const failed = operation('c', 40, 50, [{ key: 'x', append: 3 }], 'failed')
const reader = (invokedNs: number): Operation =>
  operation('c', invokedNs, 50, [{ key: 'x', append: undefined, read: [1] }])
const left = operation('a', 0, 10, [
  { key: 'x', append: 1, read: [] },
  { key: 'y', append: undefined, read: [] },
])
const right = operation('b', 0, 10, [
  { key: 'y', append: 2, read: [] },
  { key: 'x', append: undefined, read: [] },
])

interface Case {
  readonly what: string
  readonly operations: readonly Operation[]
  /** The lists at the end. */
  readonly final: Readonly<Record<string, readonly number[]>>
  /** Undefined when nothing is wrong. */
  readonly problem?: RegExp
}

const histories: readonly Case[] = [
  { what: 'one thing after the other', operations: [first, second], final: { x: [1, 2] } },
  { what: 'a write of unknown outcome that was not done', operations: [first, second, unknown], final: { x: [1, 2] } },
  {
    what: 'a write of unknown outcome that was done',
    operations: [first, second, unknown],
    final: { x: [1, 2], y: [3] },
  },
  { what: 'an older read that is still in time', operations: [first, second, reader(25)], final: { x: [1, 2] } },
  {
    what: 'an acknowledged write that is lost',
    operations: [first, second],
    final: { x: [1] },
    problem: /2 at x was acknowledged, and is lost/,
  },
  { what: 'a write that was done twice', operations: [first, second], final: { x: [1, 2, 1] }, problem: /twice/ },
  {
    what: 'a write that failed and was done',
    operations: [first, second, failed],
    final: { x: [1, 2, 3] },
    problem: /failed/,
  },
  { what: 'a write of nobody', operations: [first], final: { x: [1, 9] }, problem: /nobody appended 9/ },
  {
    what: 'a read of what was over before it began',
    operations: [first, second, reader(40)],
    final: { x: [1, 2] },
    problem: /no order explains/,
  },
  {
    what: 'two transactions that each miss what the other wrote',
    operations: [left, right],
    final: { x: [1], y: [2] },
    problem: /no order explains/,
  },
]

for (const { what, operations, final, problem } of histories) {
  test(`the check ${problem === undefined ? 'accepts' : 'finds'} ${what}`, () => {
    const violations = violationsOf(operations, new Map(Object.entries(final)))
    if (problem === undefined) assert.deepEqual(violations, [])
    else assert.match(violations.join(), problem)
  })
}

test('Porcupine reads the same histories, and says the same of each', async (t) => {
  if (!requirePeer(t, 'porcupine')) return
  for (const { what, operations, final, problem } of histories) {
    const steps = Object.entries(final).map(([key, read]) => ({ key, append: undefined, read }))
    const edn = ednOf([...operations, operation('last', 100, 110, steps)])
    assert.equal(await askPorcupine(edn), problem === undefined ? 'accepted' : 'rejected', what)
  }
})

test('a client whose outcome is unknown goes on as another process', () => {
  const next = operation('c', 60, 70, [{ key: 'y', append: 4 }])
  const processes = [...ednOf([unknown, next, failed]).matchAll(/:process (\d+), :type (:\w+)/g)]
  assert.deepEqual(
    processes.map(([, process, type]) => `${process} ${type}`),
    ['0 :invoke', '0 :info', '1 :invoke', '1 :fail', '1 :invoke', '1 :ok'],
  )
})

test('a history is written as Elle reads it', () => {
  assert.equal(
    ednOf([second]),
    '{:index 0, :time 20, :process 0, :type :invoke, :f :txn, :value [[:r "x" nil] [:append "x" 2]]}\n' +
      '{:index 1, :time 30, :process 0, :type :ok, :f :txn, :value [[:r "x" [1]] [:append "x" 2]]}\n',
  )
})
