import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ednOf, type Operation, violationsOf } from './list-append.ts'

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
const final = new Map([['x', [1, 2]]])

test('a history in order has nothing wrong with it, also when an outcome is unknown', () => {
  const unknown = operation('c', 5, undefined, [{ key: 'y', append: 3 }], 'unknown')
  assert.deepEqual(violationsOf([first, second, unknown], final), [])
  assert.deepEqual(violationsOf([first, second, unknown], new Map([...final, ['y', [3]]])), [])
})

test('an acknowledged write that is lost, one done twice, one that failed, and one of nobody are found', () => {
  assert.match(violationsOf([first, second], new Map([['x', [1]]])).join(), /2 at x was acknowledged, and is lost/)
  assert.match(violationsOf([first, second], new Map([['x', [1, 2, 1]]])).join(), /twice/)
  const failed = operation('c', 40, 50, [{ key: 'x', append: 3 }], 'failed')
  assert.match(violationsOf([first, second, failed], new Map([['x', [1, 2, 3]]])).join(), /failed/)
  assert.match(violationsOf([first], new Map([['x', [1, 9]]])).join(), /nobody appended 9/)
})

test('a read of what was over before it began is found', () => {
  const stale = operation('c', 40, 50, [{ key: 'x', append: undefined, read: [1] }])
  assert.match(violationsOf([first, second, stale], final).join(), /no order explains/)
  const inTime = operation('c', 25, 50, [{ key: 'x', append: undefined, read: [1] }])
  assert.deepEqual(violationsOf([first, second, inTime], final), [])
})

test('two transactions that each miss what the other wrote are found', () => {
  const left = operation('a', 0, 10, [
    { key: 'x', append: 1, read: [] },
    { key: 'y', append: undefined, read: [] },
  ])
  const right = operation('b', 0, 10, [
    { key: 'y', append: 2, read: [] },
    { key: 'x', append: undefined, read: [] },
  ])
  const lists = new Map([
    ['x', [1]],
    ['y', [2]],
  ])
  assert.match(violationsOf([left, right], lists).join(), /no order explains/)
})

test('a history is written as Elle reads it', () => {
  assert.equal(
    ednOf([second]),
    '{:index 0, :time 20, :process 0, :type :invoke, :f :txn, :value [[:r "x" nil] [:append "x" 2]]}\n' +
      '{:index 1, :time 30, :process 0, :type :ok, :f :txn, :value [[:r "x" [1]] [:append "x" 2]]}\n',
  )
})
