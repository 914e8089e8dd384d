/** Nodes over TLS, in which both sides show a certificate. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Tuple, tuple } from '@tiebeam/etf'
import { freePort, requirePeer, startErl, waitFor } from '@tiebeam/testing'
import { DistributionError } from '../src/errors.ts'
import { Probe } from './peers/probe.ts'
import { cookie, freshName, peerKinds, startNode } from './peers/start-peer.ts'
import { makeCertificates } from './real/certificates.ts'

const hostOf = (name: string): string => name.split('@')[1] as string

for (const kind of peerKinds) {
  test(`nodes talk over TLS, whoever dials (${kind})`, async (t) => {
    if (!requirePeer(t, 'openssl') || (kind === 'OTP' && !requirePeer(t, 'erl'))) return
    const epmd = { port: await freePort() }
    const [ours, theirs] = [freshName('subject'), freshName('peer')]
    const certificates = makeCertificates(t, [hostOf(ours), hostOf(theirs)])
    const node = await startNode(t, { name: ours, epmd, tls: certificates.tls(hostOf(ours)) })
    const probe = await Probe.start(node)
    const body = 'x'.repeat(300_000)
    if (kind === 'OTP') {
      const erl = await startErl(t, { name: theirs, cookie, epmd, args: certificates.erlArgs(hostOf(theirs)) })
      await erl.evaluate('register(echo, spawn(fun F() -> receive {P, M} -> P ! {self(), M} end, F() end))')
      await node.connect(theirs)
      probe.send({ name: 'echo', node: theirs }, tuple(probe.pid, body))
      assert.equal(((await probe.next()) as Tuple).at(1), body)
      await node.disconnect(theirs)
      await erl.evaluate(`(fun F() -> case nodes(connected) of [] -> ok; _ -> F() end end)()`)
      assert.equal(await erl.evaluate(`net_adm:ping('${ours}')`), 'pong')
      assert.deepEqual(node.nodes('connected'), [theirs])
    } else {
      const other = await startNode(t, { name: theirs, epmd, tls: certificates.tls(hostOf(theirs)) })
      await node.connect(theirs)
      const echo = await Probe.start(other)
      probe.send(echo.pid, body)
      assert.equal(await echo.next(), body)
      await node.disconnect(theirs)
      await waitFor(() => other.nodes().length === 0)
      assert.equal(await other.ping(ours), 'pong')
    }
  })
}

test('a node without a certificate of the authority gets no further than TLS', async (t) => {
  if (!requirePeer(t, 'openssl')) return
  const epmd = { port: await freePort() }
  const [ours, theirs, plain] = [freshName('subject'), freshName('stranger'), freshName('plain')]
  const node = await startNode(t, { name: ours, epmd, tls: makeCertificates(t, [hostOf(ours)]).tls(hostOf(ours)) })
  const foreign = makeCertificates(t, [hostOf(theirs)]).tls(hostOf(theirs))
  const stranger = await startNode(t, { name: theirs, epmd, tls: foreign })
  await assert.rejects(
    stranger.connect(ours),
    (error) => error instanceof DistributionError && error.code === 'TLS_FAILED',
  )
  await assert.rejects(
    node.connect(theirs),
    (error) => error instanceof DistributionError && error.code === 'TLS_FAILED',
  )
  const unencrypted = await startNode(t, { name: plain, epmd })
  await assert.rejects(unencrypted.connect(ours), (error) => error instanceof DistributionError)
  assert.deepEqual(node.nodes('connected'), [])
  assert.equal(node.whereis('net_kernel')?.node, ours)
})
