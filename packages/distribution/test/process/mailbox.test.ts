import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cases, random } from '@tiebeam/testing'
import { Mailbox, NO_MESSAGE } from '../../src/process/mailbox.ts'

test('messages leave in the order in which they came', () => {
  const mailbox = new Mailbox()
  assert.equal(mailbox.shift(), NO_MESSAGE)
  for (let number = 0; number < 5_000; number += 1) mailbox.push(number)
  for (let number = 0; number < 5_000; number += 1) assert.equal(mailbox.shift(), number)
  assert.equal(mailbox.shift(), NO_MESSAGE)
  assert.equal(mailbox.length, 0)
})

test('undefined is a message like any other', () => {
  const mailbox = new Mailbox()
  mailbox.push(undefined)
  assert.equal(mailbox.length, 1)
  assert.equal(mailbox.shift(), undefined)
  assert.equal(mailbox.shift(), NO_MESSAGE)
})

test('a match takes the first that it wants, and may give something else for it', () => {
  const mailbox = new Mailbox()
  for (const message of ['a', 1, 'b', 2]) mailbox.push(message)
  assert.equal(
    mailbox.take((message) => typeof message === 'number'),
    1,
  )
  assert.equal(
    mailbox.take((message) => (message === 'b' ? `${message}!` : undefined)),
    'b!',
  )
  assert.equal(
    mailbox.take((message) => message === 'c'),
    NO_MESSAGE,
  )
  assert.deepEqual(mailbox.drain(), ['a', 2])
})

test('a mark spares a receive what came before it', () => {
  const mailbox = new Mailbox()
  for (let number = 0; number < 10; number += 1) mailbox.push(number)
  const mark = mailbox.mark()
  mailbox.push('answer')
  const looked: unknown[] = []
  const answer = mailbox.take((message) => {
    looked.push(message)
    return message === 'answer'
  }, mark)
  assert.equal(answer, 'answer')
  assert.deepEqual(looked, ['answer'])
})

test('taking answers out of a long backlog does not get slower with every one', () => {
  const mailbox = new Mailbox()
  for (let number = 0; number < 1_000; number += 1) mailbox.push(number)
  let looks = 0
  for (let round = 0; round < 10_000; round += 1) {
    const mark = mailbox.mark()
    mailbox.push({ round })
    mailbox.push('noise that stays')
    mailbox.take((message) => {
      looks += 1
      return typeof message === 'object'
    }, mark)
    mailbox.take((message) => message === 'noise that stays', mark)
  }
  assert.ok(looks < 20_000, `${looks} looks at messages for 10,000 receives`)
  assert.equal(mailbox.length, 1_000)
})

test('it behaves like a plain array, and a mark never hides a later message', () => {
  const source = random()
  for (let round = 0; round < cases(2_000); round += 1) {
    const mailbox = new Mailbox()
    let model: { readonly number: number; readonly at: number }[] = []
    let arrived = 0
    let mark = 0
    let markAt = 0
    for (let step = 0; step < 300; step += 1) {
      switch (source.integer(7)) {
        case 0:
        case 1:
        case 2:
          mailbox.push(arrived)
          model.push({ number: arrived, at: arrived })
          arrived += 1
          break
        case 3:
          assert.equal(mailbox.shift(), model.shift()?.number ?? NO_MESSAGE)
          break
        case 4: {
          const rest = source.integer(5)
          const found = model.findIndex(({ number }) => number % 5 === rest)
          const expected = found === -1 ? NO_MESSAGE : model.splice(found, 1)[0]?.number
          assert.equal(
            mailbox.take((message) => (message as number) % 5 === rest),
            expected,
          )
          break
        }
        case 5:
          mark = mailbox.mark()
          markAt = arrived
          break
        case 6: {
          // One that came after the mark is always found; earlier ones may be.
          const wanted = model.find(({ at }) => at >= markAt)
          if (wanted === undefined) break
          assert.equal(
            mailbox.take((message) => message === wanted.number, mark),
            wanted.number,
          )
          model = model.filter((entry) => entry !== wanted)
        }
      }
      assert.equal(mailbox.length, model.length)
    }
    assert.deepEqual(
      mailbox.drain(),
      model.map(({ number }) => number),
    )
    assert.equal(mailbox.length, 0)
  }
})
