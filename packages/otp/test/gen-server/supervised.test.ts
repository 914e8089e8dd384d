/** Servers under a supervisor. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { atom, type Pid } from '@tiebeam/distribution'
import { waitFor } from '@tiebeam/testing'
import { ChildStartError, GenServer, StartError, Supervisor, serverRef } from '../../src/index.ts'
import { RecordingLogger } from '../recording-logger.ts'
import { startAlone } from '../start.ts'
import { Counter } from './counter.ts'

class Careful extends GenServer {
  #tell: (word: unknown) => void = () => {}
  override async init(tell: (word: unknown) => void, fail = false): Promise<void> {
    this.#tell = tell
    this.self.trapExit = true
    if (fail) throw new RangeError('no room')
  }
  override async terminate(reason: unknown): Promise<void> {
    await sleep(5)
    this.#tell(reason)
  }
}

test('a supervised server is restarted under its name, and a reference by name reaches the new one', async (t) => {
  const node = await startAlone(t)
  const supervisor = await Supervisor.start(node, {
    children: [Counter.child({ args: [7], name: 'counter' })],
  })
  const counter = serverRef<Counter>(node, 'counter')
  assert.equal(await counter.call('add', 1), 8)
  const before = counter.pid as Pid
  await assert.rejects(counter.call('fail'), { code: 'SERVER_EXITED' })
  await waitFor(() => counter.pid !== undefined && !before.equals(counter.pid))
  assert.equal(await counter.call('get'), 7)
  await supervisor.stop()
  assert.equal(counter.pid, undefined)
})

test('a server that traps exits terminates when its supervisor stops, and is waited for', async (t) => {
  const node = await startAlone(t)
  const told: unknown[] = []
  const supervisor = await Supervisor.start(node, { children: [Careful.child({ args: [(word) => told.push(word)] })] })
  await supervisor.stop()
  assert.deepEqual(told, [atom('shutdown')])
})

test('a server that cannot start fails its supervisor with the cause intact', async (t) => {
  const node = await startAlone(t)
  const children = [Careful.child({ args: [() => {}, true], id: 'careful' })]
  await assert.rejects(Supervisor.start(node, { children }), (error) => {
    assert.ok(error instanceof ChildStartError && error.childId === 'careful')
    assert.ok(error.cause instanceof StartError && error.cause.code === 'START_FAILED')
    assert.ok(error.cause.cause instanceof RangeError && error.cause.cause.message === 'no room')
    return true
  })
})

test('a server is given up when its supervisor stops before it is initialised', async (t) => {
  class Slow extends GenServer {
    override async init(): Promise<void> {
      this.self.trapExit = true
      await new Promise((_, reject) =>
        this.self.signal.addEventListener('abort', () => reject(this.self.signal.reason)),
      )
    }
  }
  const node = await startAlone(t)
  const supervisor = await Supervisor.start(node, { children: [] })
  const starting = supervisor.startChild(Slow.child({ name: 'slow' }))
  const failed = assert.rejects(starting)
  await waitFor(() => node.whereis('slow') !== undefined)
  await supervisor.stop()
  await failed
  assert.equal(node.whereis('slow'), undefined)
})

test('a supervised server logs where its supervisor does, unless it is told otherwise', async (t) => {
  const node = await startAlone(t)
  const [ofSupervisor, own] = [new RecordingLogger(), new RecordingLogger()]
  const supervisor = await Supervisor.start(node, {
    logger: ofSupervisor,
    children: [Counter.child({ name: 'one' }), Counter.child({ name: 'two', logger: own })],
  })
  for (const name of ['one', 'two']) {
    node.send(name, 'nonsense')
    await serverRef<Counter>(node, name).call('get')
  }
  assert.equal(ofSupervisor.complaints('a message that nothing handles').length, 1)
  assert.equal(own.complaints('a message that nothing handles').length, 1)
  await supervisor.stop()
})
