import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StartedAuthority, View } from '@tiebeam/tables'
import { TablesError } from '@tiebeam/tables'
import { viewOf } from './alone.ts'
import { History } from './history.ts'

/** A register in which one thing is wrong. */
class WeakRegister {
  readonly #weakness: string
  #view: View | undefined
  #old: View | undefined

  constructor(weakness: string) {
    this.#weakness = weakness
  }

  async read(): Promise<View | undefined> {
    return this.#weakness === 'stale' ? this.#old : this.#view
  }

  async install(next: View, expectedEpoch: number): ReturnType<StartedAuthority['install']> {
    if ((this.#view?.epoch ?? 0) !== expectedEpoch) {
      // One that tried again after it was done, and takes its own view for another's, or another's for its own.
      if (this.#weakness === 'liar') return { type: 'installed', view: next }
      return { type: 'stands', view: this.#view }
    }
    if (this.#weakness === 'torn') await sleep(1)
    this.#old = this.#view
    this.#view = next
    if (this.#weakness === 'pessimist') return { type: 'stands', view: this.#old }
    if (this.#weakness === 'silent') throw new TablesError('AUTHORITY_UNKNOWN', 'silent')
    return { type: 'installed', view: next }
  }

  async stop(): Promise<void> {}
}

async function historyWith(weakness: string): Promise<() => void> {
  const register = new WeakRegister(weakness)
  const history = new History()
  for (let epoch = 1; epoch <= 3; epoch += 1) {
    const views = ['a', 'b'].map((uid) => ({
      ...viewOf(epoch),
      primary: uid,
      members: [{ node: uid, creation: 1, uid }],
    }))
    await Promise.all(views.map((view, index) => history.install(index, register, view)))
    await history.read(0, register)
  }
  const final = await register.read()
  return () => history.check(final)
}

test('the check of histories finds an authority that is torn, stale, or tells what is not so', async () => {
  for (const weakness of ['torn', 'stale', 'liar', 'pessimist']) {
    assert.throws(await historyWith(weakness), assert.AssertionError, weakness)
  }
})

test('the check of histories takes one that is right, answered or not', async () => {
  for (const weakness of ['none', 'silent']) (await historyWith(weakness))()
})
