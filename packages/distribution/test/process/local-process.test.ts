/** Processes of one node, among themselves. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { atom, type Pid, tuple } from '@tiebeam/etf'
import { freePort, type Scope, waitFor } from '@tiebeam/testing'
import { DistributionError } from '../../src/errors.ts'
import type { Node } from '../../src/node.ts'
import { NO_MESSAGE } from '../../src/process/mailbox.ts'
import { Down, Exit, ExitReason } from '../../src/process/notices.ts'
import type { Process } from '../../src/process/process.ts'
import { Probe } from '../peers/probe.ts'
import { freshName, startNode } from '../peers/start-peer.ts'

async function startAlone(t: Scope, init: object = {}): Promise<Node> {
  return startNode(t, { name: freshName('alone'), epmd: false, port: await freePort(), ...init })
}

function hasCode(code: string) {
  return (error: unknown): boolean => error instanceof DistributionError && error.code === code
}

test('a process receives what is sent to its pid and its name, in order', async (t) => {
  const node = await startAlone(t)
  const seen: unknown[] = []
  const pid = node.spawn(
    async (self) => {
      for await (const message of self) seen.push(message)
    },
    { name: 'counter' },
  )
  for (let number = 0; number < 100; number += 1) {
    node.send([pid, 'counter', { name: 'counter', node: node.name }][number % 3] ?? pid, number)
  }
  await waitFor(() => seen.length === 100)
  assert.deepEqual(seen, [...Array(100).keys()])
})

test('the length of a mailbox can be seen by pid and by name, as long as there is a process', async (t) => {
  const node = await startAlone(t)
  const pid = node.spawn(() => new Promise(() => {}), { name: 'idle' })
  for (let number = 0; number < 3; number += 1) node.send(pid, number)
  assert.equal(node.mailboxLength(pid), 3)
  assert.equal(node.mailboxLength('idle'), 3)
  node.exit(pid, atom('kill'))
  assert.equal(node.mailboxLength(pid), undefined)
  assert.equal(node.mailboxLength('idle'), undefined)
})

test('a name belongs to one process, and is free when that has ended', async (t) => {
  const node = await startAlone(t)
  const first = await Probe.start(node)
  const second = await Probe.start(node)
  first.self.register('name')
  assert.equal(node.whereis('name')?.key, first.pid.key)
  assert.deepEqual(node.registered(), ['name'])
  assert.throws(() => node.register('name', second.pid), hasCode('NAME_TAKEN'))
  assert.throws(() => node.spawn(() => {}, { name: 'name' }), hasCode('NAME_TAKEN'))
  node.unregister('name')
  assert.throws(() => node.unregister('name'), hasCode('NAME_NOT_REGISTERED'))
  assert.throws(() => node.send('name', 1), hasCode('NAME_NOT_REGISTERED'))
  second.self.register('name')
  const gone = first.self.monitor(second.pid)
  second.end()
  assert.equal(((await first.next()) as Down).reference.key, gone.key)
  assert.equal(node.whereis('name'), undefined)
  assert.throws(() => node.register('name', second.pid), hasCode('PROCESS_NOT_FOUND'))
  assert.throws(() => node.register('net_kernel', first.pid), hasCode('NAME_TAKEN'))
  assert.throws(() => node.unregister('net_kernel'), hasCode('OPTION_INVALID'))
})

test('polling takes what is there, in order, and says when nothing is or the turn is used up', async (t) => {
  const node = await startAlone(t, { turnMessagesMax: 10 })
  const probe = await Probe.start(node)
  const { self } = probe
  assert.equal(self.poll(), NO_MESSAGE)
  for (const message of [undefined, 'b', 'c']) node.send(self.pid, message)
  assert.deepEqual([self.poll(), await self.receive(), self.poll(), self.poll()], [undefined, 'b', 'c', NO_MESSAGE])
  for (let number = 0; number < 20; number++) node.send(self.pid, number)
  const polled: unknown[] = []
  for (let message = self.poll(); message !== NO_MESSAGE; message = self.poll()) polled.push(message)
  assert.ok(polled.length <= 10)
  while (polled.length < 20) polled.push(await self.receive())
  assert.deepEqual(polled, [...Array(20).keys()])
  probe.end()
  await waitFor(() => !node.isAlive(self.pid))
  assert.throws(() => self.poll(), hasCode('PROCESS_EXITED'))
})

test('a selective receive leaves the others in order, and may give a part of the message', async (t) => {
  const node = await startAlone(t)
  const { self } = await Probe.start(node)
  for (const message of [1, 'two', 3, 'four']) self.send(self.pid, message)
  const isText = (message: unknown): message is string => typeof message === 'string'
  const text: string = await self.receive({ match: isText })
  assert.equal(text, 'two')
  const length: number = await self.receive({ match: (message) => (isText(message) ? message.length : undefined) })
  assert.equal(length, 4)
  assert.deepEqual(await self.receiveAll(), [1, 3])
  const pending = self.receive({ match: isText })
  self.send(self.pid, 5)
  self.send(self.pid, 'six')
  assert.equal(await pending, 'six')
  assert.equal(await self.receive(), 5)
})

test('a receive times out with RECEIVE_TIMEOUT, and takes nothing then', async (t) => {
  const node = await startAlone(t)
  const { self } = await Probe.start(node)
  await assert.rejects(self.receive({ timeoutMs: 0 }), hasCode('RECEIVE_TIMEOUT'))
  const late = self.receive({ timeoutMs: 5, match: (message) => message === 'late' })
  await assert.rejects(late, hasCode('RECEIVE_TIMEOUT'))
  self.send(self.pid, 'late')
  assert.equal(await self.receive({ timeoutMs: 0 }), 'late')
  assert.equal(self.mailboxLength, 0)
})

test('a match that throws fails its receive, and the message stays', async (t) => {
  const node = await startAlone(t)
  const { self } = await Probe.start(node)
  const match = (): boolean => {
    throw new TypeError('bad match')
  }
  self.send(self.pid, 'kept')
  await assert.rejects(self.receive({ match }), TypeError)
  assert.equal(await self.receive(), 'kept')
  const waiting = self.receive({ match })
  self.send(self.pid, 'kept too')
  await assert.rejects(waiting, TypeError)
  assert.equal(await self.receive(), 'kept too')
})

test('a process ends with what it throws, or normally', async (t) => {
  const logged: unknown[] = []
  const log = (object: unknown): number => logged.push(object)
  const logger = { trace: log, debug: () => {}, info: () => {}, warn: log, error: log, fatal: log, child: () => logger }
  const node = await startAlone(t, { logger })
  const watcher = await Probe.start(node)
  const reasonOf = async (behaviour: () => unknown): Promise<unknown> => {
    watcher.self.spawnMonitor(behaviour)
    return ((await watcher.next()) as Down).reason
  }
  assert.equal(await reasonOf(() => 'a result'), atom('normal'))
  assert.equal(await reasonOf(() => Promise.resolve()), atom('normal'))
  assert.deepEqual(
    await reasonOf(() => {
      throw new ExitReason(tuple(atom('shutdown'), 1))
    }),
    tuple(atom('shutdown'), 1),
  )
  assert.equal(logged.length, 0, 'an exit on purpose is no error')
  assert.deepEqual(
    await reasonOf(() => Promise.reject(new TypeError('oops'))),
    tuple(tuple(atom('javascript'), 'TypeError', 'oops'), []),
  )
  assert.deepEqual(await reasonOf(() => Promise.reject(5)), tuple(tuple(atom('nocatch'), 5), []))
  assert.equal(logged.length, 2, inspect(logged))
})

test('a killed process is gone at once for all others, and learns of it at its next step', async (t) => {
  const node = await startAlone(t)
  const outcomes: string[] = []
  const pid = node.spawn(async (self) => {
    self.trapExit = true
    const abandoned = self.receive()
    self.signal.addEventListener('abort', () => outcomes.push(`aborted: ${self.signal.reason.code}`))
    await sleep(20)
    for (const step of [() => self.send(self.pid, 1), () => self.link(self.pid), () => self.spawn(() => {})]) {
      assert.throws(step, hasCode('PROCESS_EXITED'))
    }
    await assert.rejects(self.receive(), hasCode('PROCESS_EXITED'))
    await assert.rejects(abandoned, hasCode('PROCESS_EXITED'))
    outcomes.push('learned')
  })
  const probe = await Probe.start(node)
  probe.self.monitor(pid)
  node.exit(pid, atom('kill'))
  assert.equal(node.isAlive(pid), false)
  assert.deepEqual(outcomes, ['aborted: PROCESS_EXITED'])
  assert.equal(((await probe.next()) as Down).reason, atom('killed'))
  await waitFor(() => outcomes.length === 2)
})

test('a graceful process that is told to end is gone when its function has returned', async (t) => {
  const node = await startAlone(t)
  const probe = await Probe.start(node)
  const outcomes: string[] = []
  let release = (): void => {}
  const behaviour = async (self: Process): Promise<void> => {
    try {
      for await (const message of self) outcomes.push(String(message))
    } catch {
      outcomes.push(`aborted: ${self.signal.aborted}`)
      await new Promise<void>((resolve) => {
        release = resolve
      })
      self.send(probe.pid, 'farewell')
    }
  }
  const pid = node.spawn(behaviour, { graceful: true, name: 'graceful' })
  await sleep(1)
  node.exit(pid, atom('shutdown'))
  await waitFor(() => outcomes.length === 1)
  node.send(pid, 'dropped')
  node.exit(pid, atom('again'))
  assert.deepEqual(outcomes, ['aborted: true'])
  assert.equal(node.whereis('graceful')?.key, pid.key)
  probe.self.monitor(pid)
  release()
  assert.equal(await probe.next(), 'farewell')
  assert.equal(((await probe.next()) as Down).reason, atom('shutdown'))
  assert.equal(node.whereis('graceful'), undefined)
})

test('kill ends a graceful process at once, also while it is ending', async (t) => {
  const node = await startAlone(t)
  const probe = await Probe.start(node)
  for (const signals of [['kill'], ['shutdown', 'kill']]) {
    const { pid } = probe.self.spawnMonitor(() => new Promise(() => {}), { graceful: true })
    await sleep(1)
    for (const signal of signals) node.exit(pid, atom(signal))
    assert.equal(node.isAlive(pid), false)
    assert.equal(((await probe.next()) as Down).reason, atom('killed'))
  }
  const neverRan = probe.self.spawnMonitor(() => assert.fail('it was ended before it began'), { graceful: true })
  node.exit(neverRan.pid, atom('shutdown'))
  assert.equal(((await probe.next()) as Down).reason, atom('shutdown'))
})

test('links end a whole chain of processes, however long', async (t) => {
  const node = await startAlone(t)
  const watcher = await Probe.start(node)
  let last = node.spawn((self) => self.receive())
  const first = last
  for (let count = 0; count < 20_000; count += 1) {
    const before: Pid = last
    last = node.spawn((self) => {
      self.link(before)
      return self.receive()
    })
  }
  await waitFor(() => node.stats().processLinks === 40_000)
  watcher.self.monitor(last)
  node.exit(first, atom('crash'))
  assert.equal(((await watcher.next()) as Down).reason, atom('crash'))
  assert.equal(node.stats().processLinks, 0)
})

test('spawnLink leaves no gap, and the end of the parent ends the child', async (t) => {
  const node = await startAlone(t)
  const parent = await Probe.start(node)
  const child = parent.self.spawnLink((self) => self.receive())
  parent.end()
  await waitFor(() => !node.isAlive(parent.pid))
  assert.equal(node.isAlive(child), true, 'a normal end takes nobody along')
  const other = await Probe.start(node, { trapExit: true })
  const failing = other.self.spawnLink(() => {
    throw new ExitReason(atom('at once'))
  })
  assert.deepEqual(await other.next(), new Exit(failing, atom('at once')))
})

test('an alias for one reply takes one, and drops the rest', async (t) => {
  const node = await startAlone(t)
  const { self } = await Probe.start(node)
  const once = self.alias({ reply: true })
  node.send(once, 'first')
  node.send(once, 'second')
  const server = await Probe.start(node)
  const monitor = self.monitor(server.pid, { alias: 'replyDemonitor' })
  node.send(monitor, 'reply')
  node.send(monitor, 'dropped')
  server.end()
  await waitFor(() => !node.isAlive(server.pid))
  const other = await Probe.start(node)
  const withMonitor = self.monitor(other.pid, { alias: 'demonitor' })
  const explicit = self.monitor(other.pid, { alias: 'explicit' })
  assert.equal(self.demonitor(withMonitor), true)
  assert.equal(self.demonitor(explicit), true)
  node.send(withMonitor, 'dropped')
  node.send(explicit, 'still there')
  assert.equal(self.unalias(explicit), true)
  assert.equal(self.unalias(explicit), false)
  node.send(explicit, 'dropped')
  assert.deepEqual(await self.receiveAll(), ['first', 'reply', 'still there'])
})

test('demonitor with flush takes the notice out of the mailbox', async (t) => {
  const node = await startAlone(t)
  const { self } = await Probe.start(node)
  const ended = node.spawn(() => {})
  await waitFor(() => !node.isAlive(ended))
  const reference = self.monitor(ended)
  assert.equal(self.mailboxLength, 1)
  assert.equal(self.demonitor(reference, { flush: true }), false)
  assert.equal(self.mailboxLength, 0)
})

test('processes that answer each other for ever leave the event loop its turns', async (t) => {
  const node = await startAlone(t)
  const echo = async (self: Parameters<Parameters<Node['spawn']>[0]>[0]): Promise<void> => {
    for await (const message of self) self.send((message as { elements: Pid[] }).elements[0] as Pid, tuple(self.pid))
  }
  const [one, two] = [node.spawn(echo), node.spawn(echo)]
  node.send(one, tuple(two))
  for (let turn = 0; turn < 10; turn += 1) await sleep(1)
  node.exit(one, atom('kill'))
})

test('a mailbox past its limit ends its process', async (t) => {
  const node = await startAlone(t)
  const watcher = await Probe.start(node)
  const pid = node.spawn(() => new Promise(() => {}), { mailboxMessagesMax: 10 })
  watcher.self.monitor(pid)
  for (let number = 0; number < 20; number += 1) node.send(pid, number)
  assert.equal(((await watcher.next()) as Down).reason, atom('mailbox_full'))
})

test('the node itself links and monitors, and tells by events', async (t) => {
  const node = await startAlone(t)
  const events: (Down | Exit)[] = []
  node.on('down', (down) => events.push(down))
  node.on('exit', (exit) => events.push(exit))
  const pid = node.spawn((self) => self.receive())
  const reference = node.monitor(pid)
  node.link(pid)
  node.exit(pid, atom('enough'))
  assert.deepEqual(events, [new Exit(pid, atom('enough')), new Down(reference, pid, atom('enough'))])
  const other = node.spawn((self) => self.receive())
  const removed = node.monitor(other)
  assert.equal(node.demonitor(removed), true)
  node.link(other)
  node.unlink(other)
  node.exit(other, atom('kill'))
  assert.equal(events.length, 2)
})

test('a stopped node has no processes, spawns none, and stops again without harm', async (t) => {
  const node = await startAlone(t)
  let aborted = false
  node.spawn(async (self) => {
    self.trapExit = true
    self.signal.addEventListener('abort', () => {
      aborted = true
    })
    await self.receive({ match: () => false })
  })
  await sleep(1)
  await node.stop()
  await node.stop()
  assert.equal(aborted, true)
  assert.throws(() => node.spawn(() => {}), hasCode('NODE_STOPPED'))
  await assert.rejects(node.connect(freshName('other')), hasCode('NODE_STOPPED'))
})
