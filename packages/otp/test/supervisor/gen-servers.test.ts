import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { atom, type Pid } from '@tiebeam/distribution'
import { waitFor } from '@tiebeam/testing'
import { CallError, ChildStartError, GenServer, StartError, Supervisor, serverRef } from '../../src/index.ts'
import { startAlone } from '../start.ts'

class Account extends GenServer {
  #lines: string[] = []
  #id = ''
  #balance = 0

  override async init(id: string, lines: string[]): Promise<void> {
    await sleep(1)
    this.#id = id
    this.#lines = lines
    lines.push(`${id} is up`)
  }

  override readonly calls = {
    deposit: (amount: number): number => {
      if (amount < 0) throw new RangeError('a negative deposit')
      this.#balance += amount
      return this.#balance
    },
  }

  override async terminate(reason: unknown): Promise<void> {
    await sleep(1)
    this.#lines.push(`${this.#id} closes: ${reason}`)
  }
}

class Broken extends GenServer {
  override init(): never {
    throw new Error('no ledger')
  }
}

test('GenServers start one after the other, terminate in reverse order, and start afresh when they fail', async (t) => {
  const node = await startAlone(t)
  const lines: string[] = []
  const child = (id: string) => Account.child({ id, name: id, args: [id, lines], trapExit: true })
  const tree = await Supervisor.start(node, { children: [child('a'), child('b')] })
  const a = serverRef<Account>(node, 'a')
  assert.equal(await a.call('deposit', 5), 5)
  await assert.rejects(a.call('deposit', -1), CallError)
  await waitFor(async () => (await tree.countChildren()).active === 2)
  assert.equal(await a.call('deposit', 1), 1)
  await tree.stop()
  const shutdown = String(atom('shutdown'))
  assert.deepEqual(
    lines.filter((line) => !line.includes('RangeError')),
    ['a is up', 'b is up', 'a is up', `b closes: ${shutdown}`, `a closes: ${shutdown}`],
  )
})

test('a GenServer whose init throws fails its supervisor with the cause', async (t) => {
  const node = await startAlone(t)
  const lines: string[] = []
  const before = Account.child({ id: 'a', args: ['a', lines], trapExit: true })
  await assert.rejects(Supervisor.start(node, { name: 'bank', children: [before, Broken.child()] }), (error) => {
    assert.ok(error instanceof ChildStartError && error.childId === 'Broken')
    assert.ok(error.cause instanceof StartError)
    assert.equal((error.cause.cause as Error).message, 'no ledger')
    return true
  })
  assert.equal(lines.length, 2, 'the one before was up, and has terminated')
  const tree = await Supervisor.start(node, { children: [before] })
  const pid: Pid | undefined = (await tree.whichChildren())[0]?.pid
  assert.ok(pid && node.isAlive(pid))
  await tree.stop()
})
