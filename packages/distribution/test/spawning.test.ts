/** Processes that one node starts on another, with OTP and among Tiebeam nodes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Atom, atom, ImproperList, Pid, Reference, Tuple, tuple } from '@tiebeam/etf'
import { type Erl, freePort, requirePeer, startErl, waitFor } from '@tiebeam/testing'
import { OFFERED_FLAGS } from '../src/flags.ts'
import {
  type Behaviour,
  type CallServer,
  DistributionError,
  Down,
  Exit,
  ExitReason,
  type Node,
  SpawnReply,
} from '../src/index.ts'
import type { SpawnRequestSignal } from '../src/signals.ts'
import { dial } from '../src/transport/dial.ts'
import { Probe } from './peers/probe.ts'
import { cookie, freshName, startNode } from './peers/start-peer.ts'
import { creation, TestLink } from './real/test-link.ts'

/** Runs what it is told to by name; everything else is refused. */
class Server implements CallServer {
  readonly #functions: Readonly<Record<string, Behaviour>>

  constructor(functions: Readonly<Record<string, Behaviour>>) {
    this.#functions = functions
  }

  spawn(request: { readonly function: string }): Behaviour | Atom {
    return this.#functions[request.function] ?? atom('system_limit')
  }

  call(): Promise<unknown> {
    return Promise.resolve('called')
  }
}

async function startPair(t: Parameters<typeof startNode>[0]): Promise<{ node: Node; erl: Erl & { name: string } }> {
  const epmd = { port: await freePort() }
  const node = await startNode(t, { name: freshName('subject'), epmd })
  const erl = await startErl(t, { name: freshName('otp'), cookie, epmd })
  return { node, erl: erl as Erl & { name: string } }
}

const call = (module: string, name: string, ...args: unknown[]) => ({ module, function: name, args })

test('a process of ours starts one in OTP: the answer comes first, then what the monitor and the link say', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { node, erl } = await startPair(t)
  const { self } = await Probe.start(node)
  self.trapExit = true
  const requestId = self.spawnRequest(erl.name, call('erlang', 'exit', tuple(atom('why'), 1)), {
    monitor: true,
    link: true,
  })
  const started = await self.receive()
  assert.ok(started instanceof SpawnReply && started.pid !== undefined && started.error === undefined)
  assert.deepEqual([started.reference, started.pid.node], [requestId, erl.name])
  const ends = [await self.receive(), await self.receive()]
  const down = ends.find((each) => each instanceof Down)
  const exit = ends.find((each) => each instanceof Exit)
  assert.deepEqual(down?.reference, requestId)
  assert.deepEqual(down?.target, started.pid)
  assert.deepEqual([String(down?.reason), String(exit?.reason)], Array(2).fill(String(tuple(atom('why'), 1))))
  const { monitors, processLinks, pendingSpawns } = node.stats()
  assert.deepEqual([monitors, processLinks, pendingSpawns], [0, 0, 0])
})

test('a monitor of a process that was started can be taken back, and its link undone', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { node, erl } = await startPair(t)
  const { self } = await Probe.start(node)
  const requestId = self.spawnRequest(erl.name, call('timer', 'sleep', atom('infinity')), { monitor: true, link: true })
  const { pid } = (await self.receive()) as { pid: Pid }
  assert.deepEqual([node.stats().monitors, node.stats().processLinks], [1, 1])
  assert.equal(self.demonitor(requestId), true)
  self.unlink(pid)
  await waitFor(() => node.stats().processLinks === 0)
  const related = `[erlang:process_info(list_to_pid("${await localPid(erl, pid)}"), Each) || Each <- [links, monitored_by]]`
  await waitFor(async () => (await erl.evaluate(related)) === '[{links,[]},{monitored_by,[]}]')
})

test('an abandoned request is never heard of again', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { node, erl } = await startPair(t)
  const { self } = await Probe.start(node)
  await node.connect(erl.name)
  const sleepers =
    'length([P || P <- processes(), {current_function, {timer, sleep, 1}} =:= erlang:process_info(P, current_function)])'
  const monitored = self.spawnRequest(erl.name, call('timer', 'sleep', 60_000), { monitor: true })
  const linked = self.spawnRequest(erl.name, call('timer', 'sleep', 60_000), { link: true })
  assert.deepEqual([self.abandonSpawn(monitored), self.abandonSpawn(linked)], [true, true])
  assert.equal(self.abandonSpawn(monitored), false)
  // The linked one is ended; the other one goes on, unwatched.
  await waitFor(() => node.stats().pendingSpawns === 0)
  await waitFor(async () => (await erl.evaluate(sleepers)) === '1')
  const { monitors, processLinks, pendingSpawns } = node.stats()
  assert.deepEqual([monitors, processLinks, pendingSpawns, self.mailboxLength], [0, 0, 0, 0])
})

test('a process that ends while its request is under way takes the new one along', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { node, erl } = await startPair(t)
  await node.connect(erl.name)
  node.spawn((self) => {
    self.spawnRequest(erl.name, call('timer', 'sleep', 60_000), { link: true })
    throw new ExitReason(atom('parent_ended'))
  })
  const sleepers =
    'length([P || P <- processes(), {current_function, {timer, sleep, 1}} =:= erlang:process_info(P, current_function)])'
  await waitFor(() => node.stats().pendingSpawns === 0)
  await waitFor(async () => (await erl.evaluate(sleepers)) === '0')
  assert.equal(node.stats().processLinks, 0)
})

test('requests to nodes that cannot be reached, or do not serve them, are answered with the reason', async (t) => {
  const epmd = { port: await freePort() }
  const node = await startNode(t, { name: freshName('subject'), epmd })
  const other = await startNode(t, { name: freshName('other'), epmd })
  const { self } = await Probe.start(node)
  const answerOf = async (target: string): Promise<string> => {
    self.spawnRequest(target, call('m', 'f'), { monitor: true })
    const answer = await self.receive()
    assert.ok(answer instanceof SpawnReply && answer.pid === undefined)
    return String(answer.error)
  }
  assert.equal(await answerOf(freshName('gone')), String(atom('noconnection')))
  assert.equal(await answerOf(other.name), String(atom('notsup')))
  assert.equal(await answerOf(node.name), String(atom('notsup')))
  const end = other.serveCalls(new Server({ run: () => {} }))
  assert.equal(await answerOf(other.name), String(atom('system_limit')))
  assert.throws(
    () => other.serveCalls(new Server({})),
    (error) => error instanceof DistributionError && error.code === 'OPTION_INVALID',
  )
  end()
  assert.equal(await answerOf(other.name), String(atom('notsup')))
  other.serveCalls(new Server({}))
  assert.deepEqual([node.stats().monitors, node.stats().pendingSpawns], [0, 0])
})

test('Tiebeam nodes start processes on each other, and on themselves', async (t) => {
  const epmd = { port: await freePort() }
  const node = await startNode(t, { name: freshName('subject'), epmd })
  const other = await startNode(t, { name: freshName('other'), epmd })
  const end: Behaviour = () => {
    throw new ExitReason(atom('done'))
  }
  for (const each of [node, other]) each.serveCalls(new Server({ end, wait: () => new Promise(() => {}) }))
  for (const target of [other.name, node.name]) {
    const { self } = await Probe.start(node)
    const requestId = self.spawnRequest(target, call('any', 'end'), { monitor: true })
    const [reply, down] = [await self.receive(), await self.receive()]
    assert.ok(reply instanceof SpawnReply && down instanceof Down)
    assert.deepEqual([reply.pid?.node, down.target, down.reason], [target, reply.pid, atom('done')])
    assert.deepEqual([reply.reference, down.reference], [requestId, requestId])
    self.trapExit = true
    self.spawnRequest(target, call('any', 'end'), { link: true, replies: 'errors' })
    const exit = await self.receive()
    assert.ok(exit instanceof Exit && exit.reason === atom('done') && exit.from.node === target)
    // Whoever asked for it ends: so does it.
    const before = other.stats().processes + node.stats().processes
    node.spawn(async (parent) => {
      parent.spawnRequest(target, call('any', 'wait'), { link: true })
      await parent.receive()
      throw new ExitReason(atom('gone'))
    })
    await waitFor(() => other.stats().processes + node.stats().processes === before)
  }
  await waitFor(() => [node, other].every((each) => each.stats().monitors + each.stats().processLinks === 0))
})

test('a node takes no requests beyond its limit', async (t) => {
  const epmd = { port: await freePort() }
  const node = await startNode(t, { name: freshName('subject'), epmd, spawnRequestsMax: 2 })
  const { self } = await Probe.start(node)
  const target = freshName('gone')
  for (let number = 0; number < 2; number += 1) self.spawnRequest(target, call('m', 'f'))
  assert.throws(() => self.spawnRequest(target, call('m', 'f')), { code: 'SPAWN_REQUESTS_FULL' })
  assert.throws(
    () =>
      self.spawnRequest(
        target,
        call('m', 'f', () => {}),
      ),
    { code: 'SPAWN_REQUESTS_FULL' },
  )
  await self.receive()
  await self.receive()
  assert.throws(
    () =>
      self.spawnRequest(
        target,
        call('m', 'f', () => {}),
      ),
    { name: 'EncodeError' },
  )
  assert.equal(node.stats().pendingSpawns, 0)
})

async function localPid(erl: Erl, pid: Pid): Promise<string> {
  return erl
    .evaluate(`pid_to_list(element(1, {c:pid(0, ${pid.id}, ${pid.serial})}))`)
    .then((text) => text.replaceAll('"', ''))
}

test('hostile spawn requests end their process or their link, and nothing else', async (t) => {
  const epmd = { port: await freePort() }
  const node = await startNode(t, { name: freshName('subject'), epmd })
  let started = 0
  const run = () => {
    started += 1
  }
  node.serveCalls(new Server({ run, wait: () => new Promise(() => {}) }))
  const host = node.name.slice(node.name.indexOf('@') + 1)
  const us = freshName('raw')
  const dialNode = async () => {
    const socket = await dial({ address: host, port: node.port, tls: undefined })
    return TestLink.dial(t, socket, { name: us, cookie, peerName: node.name, flags: OFFERED_FLAGS })
  }
  const link = await dialNode()
  const from = new Pid(us, 1, 0, creation)
  let references = 0
  const request = (init: Partial<SpawnRequestSignal> = {}): SpawnRequestSignal => ({
    type: 'spawnRequest',
    requestId: new Reference(us, creation, [++references, 0, 0]),
    from,
    groupLeader: from,
    module: atom('m'),
    function: atom('run'),
    arity: 0,
    options: [atom('monitor'), atom('link')],
    args: [],
    ...init,
  })
  link.send(request())
  const reply = await link.receive('spawnReply')
  assert.equal(reply.flags, 3)
  assert.equal((await link.receive('exit')).reason, atom('normal'))
  assert.equal((await link.receive('monitorExit')).reason, atom('normal'))
  // What the function is applied to is no list.
  for (const args of [7, 'text', atom('x'), new ImproperList([1], 2)]) {
    link.send(request({ args, options: [atom('monitor')] }))
    assert.ok((await link.receive('spawnReply')).result instanceof Pid)
    const { reason } = await link.receive('monitorExit')
    assert.ok(reason instanceof Tuple && reason.at(0) === atom('badarg'))
  }
  // The arity that is claimed is not looked at, as in OTP.
  link.send(request({ arity: 200, options: [] }))
  assert.equal((await link.receive('spawnReply')).flags, 0)
  link.send(request({ options: [tuple(atom('reply'), atom('no'))] }))
  assert.equal((await link.receive('spawnReply')).result, atom('badopt'))
  // The same reference twice, then a reply that nobody asked for.
  const twice = request({ function: atom('wait'), options: [atom('monitor')] })
  link.send(twice)
  link.send(twice)
  link.send({ type: 'spawnReply', requestId: twice.requestId, to: node.pid, flags: 3, result: from })
  const pids = [(await link.receive('spawnReply')).result, (await link.receive('spawnReply')).result]
  // The node has no such request, and lets the process go that it is told of.
  assert.deepEqual((await link.receive('demonitor')).to, from)
  assert.equal((await link.receive('exit')).reason, atom('abandoned'))
  for (const pid of pids) link.send({ type: 'exit2', from, to: pid as Pid, reason: atom('kill') })
  await waitFor(() => node.stats().monitors === 0)
  assert.equal(started, 2)
  // On behalf of another node: that is no node to talk with.
  link.send(request({ from: new Pid(freshName('other'), 1, 0, creation) }))
  await waitFor(() => node.nodes('connected').length === 0)
  await dialNode()
})

test('a reason that is too long to be sent is told in short, and the link goes on', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const epmd = { port: await freePort() }
  const node = await startNode(t, { name: freshName('subject'), epmd, messageBytesMax: 50_000, outputBytesMax: 50_000 })
  const erl = await startErl(t, { name: freshName('otp'), cookie, epmd })
  node.serveCalls(
    new Server({
      long: () => {
        throw new ExitReason('x'.repeat(200_000))
      },
    }),
  )
  const source = `{P, M} = spawn_monitor('${node.name}', m, long, []), receive {'DOWN', M, process, P, {{nocatch, Text}, []}} -> byte_size(Text) end`
  const bytes = Number(await erl.evaluate(source, { timeoutMs: 30_000 }))
  assert.ok(bytes > 100 && bytes < 10_000)
  assert.equal(node.stats().disconnected, 0)
})
