/** What compiles and what does not. The lines with an error are never run. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Node, Process } from '@tiebeam/distribution'
import { type From, GenServer, type ServerRef, serverRef } from '../../src/index.ts'
import { startAlone } from '../start.ts'
import { Counter } from './counter.ts'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

function same<A, B>(_: Same<A, B>): void {}

class Named extends GenServer {
  override init(_name: string, _size: number): void {}
}

class Bare extends GenServer {}

test('replies have the types of the handlers, and what a handler replies later', async (t) => {
  const node = await startAlone(t)
  const counter = await Counter.start(node, { args: [5] })
  same<typeof counter, ServerRef<Counter>>(true)
  const total = await counter.call('add', 1)
  same<typeof total, number>(true)
  const slow = await counter.call('slowly', 1)
  same<typeof slow, number>(true)
  const later = await counter.call('positive')
  same<typeof later, number>(true)
  const whole = await counter.call('whole', 'a', [1], { deep: true })
  same<typeof whole, readonly [string, number[], { deep: boolean }]>(true)
  const nobody = await counter.call('nobody')
  same<typeof nobody, undefined>(true)
  assert.deepEqual([total, slow, later, whole, nobody], [6, 7, 7, ['a', [1], { deep: true }], undefined])
})

test('a wrong call, cast or start does not compile', () => {
  const wrong = async (node: Node, self: Process, counter: ServerRef<Counter>) => {
    // @ts-expect-error there is no such call
    await counter.call('subtract', 1)
    // @ts-expect-error a cast is no call
    await counter.call('reset')
    // @ts-expect-error a call is no cast
    counter.cast('add', 1)
    // @ts-expect-error not a number
    await counter.call('add', 'one')
    // @ts-expect-error too few arguments
    await counter.call('add')
    // @ts-expect-error too many
    await counter.call('get', 1)
    // @ts-expect-error not a string
    const text: string = await counter.call('get')
    // @ts-expect-error what is inherited by every object is no call
    await counter.call('toString')
    // @ts-expect-error its init wants arguments
    await Named.start(node)
    // @ts-expect-error all of them
    await Named.startLink(self, { args: ['name'] })
    // @ts-expect-error of the right type
    Named.child({ args: ['name', 'size'] })
    // @ts-expect-error its init wants none
    await Bare.start(node, { args: [1] })
    const bare = await Bare.start(node)
    // @ts-expect-error it has no calls
    await bare.call('get')
    // @ts-expect-error nor casts
    bare.cast('reset')
    // @ts-expect-error the abstract class is no server
    await GenServer.start(node)
    // @ts-expect-error the state is private
    counter.total
    // @ts-expect-error of a server elsewhere, too
    await serverRef<Counter>(node, { name: 'counter', node: 'a@b' }).call('add', 'one')
    return text
  }
  assert.equal(typeof wrong, 'function')
})

test('a reply of the wrong type does not compile', () => {
  class Wrong extends GenServer {
    readonly waiting: From<number>[] = []
    override readonly calls = {
      take: () => this.later<number>((from) => this.waiting.push(from)),
    }
    override readonly casts = {
      // @ts-expect-error a number was promised
      give: () => this.reply(this.waiting[0] as From<number>, 'text'),
      // @ts-expect-error nor is it a place for one who waits for something else
      keep: () => this.later<string>((from) => this.waiting.push(from)),
    }
  }
  assert.ok(Wrong)
})
