/** Calls to servers of OTP, from a process and from the node. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, Tuple, tuple } from '@tiebeam/distribution'
import { requirePeer, type Scope, waitFor } from '@tiebeam/testing'
import { abcast, CallError, type CallErrorCode, type Caller, call, cast, multiCall } from '../../src/index.ts'
import { startAlone, startProcess, startWithPeer } from '../start.ts'

async function startWithServer(t: Scope) {
  const { node, erl, peer } = await startWithPeer(t)
  await erl.load(new URL('../../../test/gen/otp_server.erl', import.meta.url))
  const start = () => erl.evaluate('element(1, otp_server:start(server))')
  await start()
  const { self } = await startProcess(node)
  return { node, erl, peer, start, self, callers: [self, node] as Caller[], server: { name: 'server', node: peer } }
}

function callError(code: CallErrorCode, reason?: unknown) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof CallError && error.code === code, String(error))
    if (reason !== undefined) assert.deepEqual(error.reason, reason)
    return true
  }
}

test('a gen_server of OTP is called and cast to, by a process and by the node', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { node, peer, self, callers, server } = await startWithServer(t)
  for (const caller of callers) {
    const asked = [...Array(200).keys()].map((number) => call(caller, server, tuple(atom('echo'), number)))
    assert.deepEqual(
      (await Promise.all(asked)).map((reply) => (reply as Tuple).at(1)),
      [...Array(200).keys()],
    )
    assert.deepEqual(await call(caller, server, atom('whoami')), caller.pid)
    assert.equal(await call(caller, server, tuple(atom('by_pid'), 'an old server')), 'an old server')
    cast(caller, server, tuple(atom('cast'), 1))
  }
  assert.deepEqual(await call(node, server, atom('casts')), Array(2).fill(tuple(atom('cast'), 1)))
  await waitFor(() => node.stats().monitors === 0)
  assert.equal(self.mailboxLength, 0)
  assert.deepEqual(abcast(node, [peer, 'no name', node.name], 'server', atom('broadcast')), ['no name'])
  assert.deepEqual(((await call(node, server, atom('casts'))) as unknown[]).at(-1), atom('broadcast'))
})

test('a call ends with an error that says what became of the server', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { node, peer, start, callers, server } = await startWithServer(t)
  for (const caller of callers) {
    await assert.rejects(call(caller, { name: 'nobody', node: peer }, 1), callError('NOPROC', atom('noproc')))
    await assert.rejects(
      call(caller, server, tuple(atom('stop'), atom('normal'))),
      callError('SERVER_EXITED', atom('normal')),
    )
    await assert.rejects(call(caller, server, 'anything'), callError('NOPROC'))
    await start()
    assert.equal(await call(caller, server, tuple(atom('stop'), atom('shutdown'), 'last words')), 'last words')
    await waitFor(async () => (await call(node, server, 1).catch((error) => error.code)) === 'NOPROC')
    await start()
    await assert.rejects(call(caller, server, atom('crash')), (error) => {
      assert.ok(error instanceof CallError && error.code === 'SERVER_EXITED')
      assert.equal((error.reason as Tuple).at(0) as unknown, atom('crashed'))
      return true
    })
    await start()
    await assert.rejects(call(caller, server, tuple(atom('nonsense'), 'no reply')), callError('REPLY_MALFORMED'))
    const nowhere = { name: 'server', node: 'nobody@127.0.0.1' }
    const nodedown = tuple(atom('nodedown'), atom('nobody@127.0.0.1'))
    await assert.rejects(call(caller, nowhere, 1), callError('NODEDOWN', nodedown))
  }
})

test('a reply that comes after the timeout is dropped, and the next call gets its own', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { node, self, callers, server } = await startWithServer(t)
  for (const caller of callers) {
    await assert.rejects(
      call(caller, server, tuple(atom('sleep'), 1_000), { timeoutMs: 10 }),
      callError('TIMEOUT', atom('timeout')),
    )
    assert.deepEqual(await call(caller, server, tuple(atom('echo'), 'in step')), tuple(atom('echoed'), 'in step'))
    await assert.rejects(call(caller, server, atom('later'), { timeoutMs: 10 }), callError('TIMEOUT'))
    assert.equal(await call(caller, server, atom('release')), atom('ok'))
  }
  assert.equal(self.mailboxLength, 0)
  assert.equal(node.stats().monitors, 0)
})

test('a server may reply later, while others are served', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { node, server } = await startWithServer(t)
  const later = call(node, server, atom('later'))
  assert.equal(await call(node, server, atom('release')), atom('ok'))
  assert.equal(await later, atom('released'))
})

test('a node that is killed while it is called is NODEDOWN', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { erl, callers, server, peer } = await startWithServer(t)
  const calls = callers.map((caller) => call(caller, server, atom('silence'), { timeoutMs: Number.POSITIVE_INFINITY }))
  const results = Promise.allSettled(calls)
  await call(callers[0] as Caller, server, tuple(atom('echo'), 1))
  await erl.kill()
  for (const result of await results) {
    assert.ok(result.status === 'rejected')
    callError('NODEDOWN', tuple(atom('nodedown'), atom(peer)))(result.reason)
  }
})

test('several nodes are called at once: replies, and the nodes without', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { node, peer, server } = await startWithServer(t)
  const nodes = [peer, 'nobody@127.0.0.1', node.name]
  const { replies, badNodes } = await multiCall(node, nodes, 'server', tuple(atom('echo'), 1))
  assert.deepEqual(replies, [{ node: peer, reply: tuple(atom('echoed'), 1) }])
  assert.deepEqual(badNodes, ['nobody@127.0.0.1', node.name])
  const late = await multiCall(node, [peer], 'server', tuple(atom('sleep'), 1_000), { timeoutMs: 10 })
  assert.deepEqual(late, { replies: [], badNodes: [peer] })
  assert.ok((await call(node, server, tuple(atom('echo'), 1))) instanceof Tuple)
})

test('a process that calls itself is told so', async (t) => {
  const node = await startAlone(t)
  const { self } = await startProcess(node)
  self.register('me')
  for (const server of [self.pid, 'me', { name: 'me', node: node.name }]) {
    await assert.rejects(call(self, server, 1), callError('CALLING_SELF', atom('calling_self')))
  }
})

test('a cast to a name that nobody has is lost, as in OTP', async (t) => {
  const node = await startAlone(t)
  cast(node, 'nobody', 1)
  await assert.rejects(call(node, 'nobody', 1), callError('NOPROC'))
})
