/** What OTP's own libraries expect of a peer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, ImproperList, type Pid, Reference, Tuple, tuple } from '@tiebeam/etf'
import { type Erl, freePort, requirePeer, startErl, waitFor } from '@tiebeam/testing'
import type { Node } from '../src/node.ts'
import type { Process } from '../src/process/process.ts'
import { Probe } from './peers/probe.ts'
import { cookie, freshName, startNode } from './peers/start-peer.ts'

async function startPair(
  t: Parameters<typeof startNode>[0],
  args: readonly string[] = [],
): Promise<{ node: Node; erl: Erl }> {
  const epmd = { port: await freePort() }
  const node = await startNode(t, { name: freshName('subject'), epmd })
  const erl = await startErl(t, { name: freshName('otp'), cookie, epmd, args })
  await erl.load(new URL('../../test/peers/puppet.erl', import.meta.url))
  return { node, erl }
}

/** A gen_server by hand: answers {echo, Value}, does not answer `silence`, ends on `crash`. */
async function serve(self: Process): Promise<void> {
  for await (const message of self) {
    const [kind, client, request] = (message as Tuple).elements
    if (kind !== atom('$gen_call')) continue
    const [from, tag] = (client as Tuple).elements
    if (request === atom('crash')) throw new Error('crashed')
    if (request === atom('silence')) continue
    const to = tag instanceof ImproperList && tag.tail instanceof Reference ? tag.tail : (from as Pid)
    self.send(to, tuple(tag, tuple(atom('echoed'), request)))
  }
}

test('gen_server:call of OTP calls a process of ours', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { node, erl } = await startPair(t)
  const pid = node.spawn(serve, { name: 'server' })
  const server = `{server, '${node.name}'}`
  assert.equal(await erl.evaluate(`gen_server:call(${server}, {a, <<"b">>})`), '{echoed,{a,<<"b">>}}')
  for (let round = 0; round < 5; round += 1) {
    assert.equal(await erl.evaluate(`[gen_server:call(${server}, N) || N <- lists:seq(1, 200)], ok`), 'ok')
  }
  await waitFor(() => node.stats().monitors === 0, { what: 'that each call takes its monitor back' })
  assert.equal(
    await erl.evaluate(`catch gen_server:call(${server}, silence, 50)`),
    `{'EXIT',{timeout,{gen_server,call,[${server.replace(' ', '')},silence,50]}}}`,
  )
  assert.match(
    await erl.evaluate(`catch gen_server:call(${server}, crash)`),
    /^\{'EXIT',\{\{\{javascript,<<"Error">>,<<"crashed">>\},\[\]\},/,
  )
  assert.match(await erl.evaluate(`catch gen_server:call(${server}, late)`), /^\{'EXIT',\{noproc,/)
  assert.equal(await erl.evaluate(`gen_server:multi_call(['${node.name}'], server, x)`), `{[],['${node.name}']}`)
  node.spawn(serve, { name: 'server' })
  assert.equal(
    await erl.evaluate(`gen_server:multi_call(['${node.name}'], server, x)`),
    `{[{'${node.name}',{echoed,x}}],[]}`,
  )
  assert.equal(node.isAlive(pid), false)
})

test('a process of ours calls a gen_server of OTP, and a late answer is dropped', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { node, erl } = await startPair(t)
  await erl.evaluate('puppet:start_server(server)')
  const { self } = await Probe.start(node)
  const server = { name: 'server', node: erl.name as string }
  const call = async (request: unknown, timeoutMs = 60_000): Promise<unknown> => {
    const alias = self.monitor(server, { alias: 'replyDemonitor' })
    const tag = new ImproperList([atom('alias')], alias)
    self.send(server, tuple(atom('$gen_call'), tuple(self.pid, tag), request))
    try {
      const answer = await self.receive({ timeoutMs })
      return answer instanceof Tuple ? answer.at(1) : answer
    } finally {
      self.demonitor(alias, { flush: true })
    }
  }
  for (let number = 0; number < 100; number += 1) {
    assert.deepEqual(await call(tuple(atom('echo'), number)), tuple(atom('echoed'), number))
  }
  assert.deepEqual(await call(atom('whoami')), self.pid)
  await assert.rejects(call(tuple(atom('later'), 100), 10), { code: 'RECEIVE_TIMEOUT' })
  await erl.evaluate('timer:sleep(300)')
  assert.deepEqual(await call(tuple(atom('echo'), 'still in step')), tuple(atom('echoed'), 'still in step'))
  assert.equal(self.mailboxLength, 0)
  assert.equal(node.stats().monitors, 0)
})

test('remote calls from OTP are refused with an error, and hurt nothing', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { node, erl } = await startPair(t)
  const there = `'${node.name}'`
  assert.equal(await erl.evaluate(`net_adm:ping(${there})`), 'pong')
  assert.equal(await erl.evaluate(`rpc:call(${there}, erlang, node, [])`), '{badrpc,notsup}')
  assert.match(await erl.evaluate(`catch erpc:call(${there}, erlang, node, [])`), /\{erpc,notsup\}/)
  assert.match(await erl.evaluate(`catch rpc:block_call(${there}, erlang, node, [], 1000)`), /badrpc/)
  const request = `R = spawn_request(${there}, erlang, self, [], [{reply, yes}]), receive {spawn_reply, R, Result, Why} -> {Result, Why} end`
  assert.equal(await erl.evaluate(request), '{error,notsup}')
  assert.equal(await erl.evaluate(`spawn(${there}, erlang, self, []), ok`), 'ok')
  assert.equal(
    await erl.evaluate(`{rex, ${there}} ! {self(), features_request}, receive {features_reply, N, F} -> {N, F} end`),
    `{${there},[]}`,
  )
  assert.equal(
    await erl.evaluate(`group_leader(whereis(init), self()), {global_name_server, ${there}} ! hello, ok`),
    'ok',
  )
  assert.equal(await erl.evaluate(`global:register_name(some_name, self())`), 'yes')
  assert.equal(await erl.evaluate(`net_adm:ping(${there})`), 'pong')
  assert.equal(node.stats().disconnected, 0)
})

test('OTP lists us as hidden, and tells its monitors of nodes', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { node, erl } = await startPair(t)
  await erl.evaluate(`net_kernel:monitor_nodes(true, [{node_type, all}, nodedown_reason])`)
  await node.connect(erl.name as string)
  assert.match(await erl.evaluate(`receive {nodeup, N, I} -> {N, I} after 60000 -> none end`), /hidden/)
  assert.equal(await erl.evaluate('{nodes(), nodes(connected)}'), `{[],['${node.name}']}`)
  assert.deepEqual(node.nodes(), [erl.name])
  await erl.evaluate(`erlang:monitor_node('${node.name}', true)`)
  await node.stop()
  assert.equal(await erl.evaluate(`receive {nodedown, N2} -> N2 after 60000 -> none end`), `'${node.name}'`)
})

test('a hidden OTP node is a hidden node here too', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { node, erl } = await startPair(t, ['-hidden'])
  const up = new Promise<boolean>((resolve) => node.once('nodeup', ({ hidden }) => resolve(hidden)))
  await node.connect(erl.name as string)
  assert.equal(await up, true)
  assert.deepEqual([node.nodes(), node.nodes('hidden'), node.nodes('tiebeam')], [[], [erl.name], []])
  await waitFor(async () => (await erl.evaluate('nodes(connected)')) === `['${node.name}']`)
})
