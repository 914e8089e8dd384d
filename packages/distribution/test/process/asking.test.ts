/** Requests of processes and of the node itself, answered by alias or by pid. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, ImproperList, type Pid, type Reference, type Tuple, tuple } from '@tiebeam/etf'
import { freePort, waitFor } from '@tiebeam/testing'
import type { Node } from '../../src/node.ts'
import { Down } from '../../src/process/notices.ts'
import type { Process } from '../../src/process/process.ts'
import { genCall, genCallOf, genReply } from '../../src/system/gen-call.ts'
import { Probe } from '../peers/probe.ts'
import { freshName, Puppet, peerKinds, startNode, startWorld } from '../peers/start-peer.ts'

async function startAlone(t: Parameters<typeof startNode>[0]): Promise<Node> {
  return startNode(t, { name: freshName('alone'), epmd: false, port: await freePort() })
}

/** Answers `{From, Alias, Value}`: to an even value by the alias, to an odd one by the pid. */
async function answer(self: Process): Promise<void> {
  for await (const message of self) {
    const [from, alias, value] = (message as Tuple).elements as [Pid, Reference, unknown]
    if (value === 'silence') continue
    if (value === 'end') return
    if (Number(value) % 2 === 0) self.send(alias, tuple(alias, value))
    else self.send(from, tuple(Number(value) % 3 === 0 ? alias : new ImproperList([atom('alias')], alias), value))
  }
}

test('a request is answered by its alias or, with its reference, by the pid; many at once, past the mailbox', async (t) => {
  const node = await startAlone(t)
  const server = node.spawn(answer, { name: 'server' })
  const { self } = await Probe.start(node)
  for (const asker of [self, node]) {
    const values = [...Array(60).keys()]
    const targets = [server, 'server', { name: 'server', node: node.name }]
    const answers = await Promise.all(
      values.map((value) => asker.ask(targets[value % 3] as Pid, (alias) => tuple(asker.pid, alias, value))),
    )
    assert.deepEqual(
      answers.map((message) => (message as Tuple).at(1)),
      values,
    )
  }
  assert.equal(self.mailboxLength, 0)
  assert.equal(node.stats().monitors, 0)
})

test('a request to what ends, or is not there, gives its Down', async (t) => {
  const node = await startAlone(t)
  node.spawn(answer, { name: 'server' })
  const ended = await node.ask('server', (alias) => tuple(node.pid, alias, 'end'))
  assert.ok(ended instanceof Down && ended.reason === atom('normal'))
  let asked = false
  const missing = await node.ask('server', () => {
    asked = true
  })
  assert.ok(missing instanceof Down && missing.reason === atom('noproc'))
  assert.equal(asked, false)
  const nowhere = await node.ask({ name: 'server', node: 'nobody@127.0.0.1' }, () => 'anybody there?')
  assert.ok(nowhere instanceof Down && nowhere.reason === atom('noconnection'))
})

test('a request that is not answered in time is taken back, and a late answer is dropped', async (t) => {
  const node = await startAlone(t)
  const server = await Probe.start(node)
  const { self } = await Probe.start(node)
  for (const asker of [self, node]) {
    const message = (alias: Reference) => alias
    await assert.rejects(asker.ask(server.pid, message, { timeoutMs: 5 }), { code: 'RECEIVE_TIMEOUT' })
    const alias = (await server.next()) as Reference
    server.send(alias, tuple(alias, 'late'))
    assert.equal(node.stats().monitors, 0)
  }
  assert.equal(self.mailboxLength, 0)
})

test('a request whose message has no term, or cannot be made, leaves nothing behind', async (t) => {
  const node = await startAlone(t)
  const server = await Probe.start(node)
  const failing = () => {
    throw new Error('no message')
  }
  await assert.rejects(node.ask(server.pid, failing), /no message/)
  assert.equal(node.stats().monitors, 0)
})

test('a process that ends leaves its requests with PROCESS_EXITED; a node that stops, with NODE_STOPPED', async (t) => {
  const node = await startAlone(t)
  const server = await Probe.start(node)
  const asker = await Probe.start(node)
  const asking = asker.self.ask(server.pid, () => 'hello')
  const ofNode = node.ask('net_kernel', () => 'nothing that it answers')
  ofNode.catch(() => {})
  asker.end()
  await assert.rejects(asking, { code: 'PROCESS_EXITED' })
  await assert.rejects(
    asker.self.ask(server.pid, () => 'hello'),
    { code: 'PROCESS_EXITED' },
  )
  await node.stop()
  await assert.rejects(ofNode, { code: 'NODE_STOPPED' })
  await assert.rejects(
    node.ask(server.pid, () => 'hello'),
    { code: 'NODE_STOPPED' },
  )
})

test('the answer to a request of another process does not count, and is a message like any other', async (t) => {
  const node = await startAlone(t)
  const server = await Probe.start(node)
  const [one, other] = [await Probe.start(node), await Probe.start(node)]
  const asking = one.self.ask(server.pid, (alias) => alias)
  const alias = (await server.next()) as Reference
  server.send(other.pid, tuple(alias, 'wrong one'))
  assert.deepEqual(await other.next(), tuple(alias, 'wrong one'))
  server.send(alias, 'anything at all')
  assert.equal(await asking, 'anything at all')
})

for (const kind of peerKinds) {
  test(`a request to a process of another node is answered, or ends with that process and that node (${kind})`, async (t) => {
    const world = await startWorld(t, kind)
    if (world === undefined) return
    const { node, peer } = world
    const probe = await Probe.start(node)
    const puppet = await Puppet.make(probe, peer)
    const asking = node.ask(puppet.pid, (alias) => genCall(node.pid, alias, 'question'))
    const call = genCallOf(await puppet.got())
    assert.ok(call !== undefined)
    const { to, message } = genReply(call.client, 'answer')
    await puppet.do('send', to, message)
    assert.equal(((await asking) as Tuple).at(1), 'answer')
    await waitFor(() => node.stats().monitors === 0)
    const unanswered = node.ask(puppet.pid, () => 'question')
    await puppet.got()
    await peer.kill()
    const down = await unanswered
    // A Tiebeam node that stops ends its processes first.
    assert.ok(down instanceof Down && down.reason === atom(kind === 'OTP' ? 'noconnection' : 'shutdown'))
  })
}
