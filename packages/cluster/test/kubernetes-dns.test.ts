import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { silentLogger } from '@tiebeam/distribution'
import { requirePeer, startDnsmasq } from '@tiebeam/testing'
import { KubernetesDns, type KubernetesDnsInit } from '../src/index.ts'

function list(strategy: KubernetesDns, init: { self?: string; local?: string[]; signal?: AbortSignal } = {}) {
  const { self = 'app@10.0.0.1', local = [], signal = new AbortController().signal } = init
  return strategy.list({ self, localAddresses: () => local, logger: silentLogger, signal })
}

type Answers = Record<string, readonly string[] | Error>

/** Resolves from a table: `name/4` and `name/6`; what is not in it has no records. */
function fake(answers: Answers, init: Partial<KubernetesDnsInit> = {}): KubernetesDns {
  return new KubernetesDns({
    service: 'app.example',
    applicationName: 'app',
    resolver: {
      resolve: async (name, family) => {
        const answer = answers[`${name}/${family}`] ?? []
        if (answer instanceof Error) throw answer
        return answer
      },
    },
    ...init,
  })
}

test('A and AAAA records become names', async () => {
  const strategy = fake({ 'app.example/4': ['10.0.0.1', '10.0.0.2'], 'app.example/6': ['fd00::7'] })
  assert.deepEqual(await list(strategy), ['app@10.0.0.1', 'app@10.0.0.2', 'app@fd00::7'])
})

test('families limits what is asked for', async () => {
  const answers = { 'app.example/4': ['10.0.0.1'], 'app.example/6': ['fd00::7'] }
  assert.deepEqual(await list(fake(answers, { families: [6] })), ['app@fd00::7'])
})

test('no records are an answer: an empty list', async () => {
  assert.deepEqual(await list(fake({})), [])
})

test('a name server that fails for both families, or for one while the other is empty, is a failure', async () => {
  const error = new Error('SERVFAIL')
  await assert.rejects(list(fake({ 'app.example/4': error, 'app.example/6': error })), error)
  await assert.rejects(list(fake({ 'app.example/4': error })), error)
})

test('when only one family can be had, the last answer for the other stands', async () => {
  const answers: Answers = { 'app.example/4': ['10.0.0.1'], 'app.example/6': ['fd00::7'] }
  const strategy = fake(answers)
  await list(strategy)
  answers['app.example/6'] = new Error('SERVFAIL')
  answers['app.example/4'] = ['10.0.0.2']
  assert.deepEqual(await list(strategy), ['app@10.0.0.2', 'app@fd00::7'])
})

test('a dual-stack service gives one name for each pod', async () => {
  const strategy = fake({ 'app.example/4': ['10.0.0.1', '10.0.0.2'], 'app.example/6': ['fd00::1', 'fd00::2'] })
  assert.deepEqual(await list(strategy, { local: ['10.0.0.1', 'fd00::1'] }), ['app@10.0.0.1', 'app@10.0.0.2'])
})

test('wrong options are refused with a message that names them', () => {
  const good = { service: 'app', applicationName: 'app' }
  const cases: [object, RegExp][] = [
    [{ service: '' }, /service/],
    [{ service: 'http://app' }, /service/],
    [{ service: 'app..x' }, /service/],
    [{ applicationName: 'app@host' }, /applicationName is "app@host"/],
    [{ applicationName: undefined }, /applicationName/],
    [{ pollingIntervalMs: 0 }, /pollingIntervalMs/],
    [{ families: [5] }, /families/],
    [{ tries: 0 }, /tries/],
    [{ resolver: { address: 'dns.example' } }, /resolver/],
    [{ resolver: { address: '10.0.0.1', port: 70_000 } }, /resolver/],
  ]
  for (const [wrong, message] of cases) {
    assert.throws(() => new KubernetesDns({ ...good, ...wrong } as KubernetesDnsInit), {
      code: 'OPTION_INVALID',
      message,
    })
  }
})

async function serve(t: TestContext, records: Record<string, string[]>) {
  const dnsmasq = await startDnsmasq(t, { records })
  const [strategy, impatient] = [30_000, 100].map(
    (timeoutMs) =>
      new KubernetesDns({
        service: 'app.ns.svc.cluster.local',
        applicationName: 'app',
        resolver: { address: dnsmasq.address, port: dnsmasq.port },
        timeoutMs,
        tries: 2,
      }),
  ) as [KubernetesDns, KubernetesDns]
  return { dnsmasq, strategy, impatient }
}

test('a real name server: records, changes, none', async (t) => {
  if (!requirePeer(t, 'dnsmasq')) return
  const name = 'app.ns.svc.cluster.local'
  const { dnsmasq, strategy } = await serve(t, { [name]: ['10.0.0.1', '10.0.0.2', 'fd00::7'] })
  assert.deepEqual([...(await list(strategy))].sort(), ['app@10.0.0.1', 'app@10.0.0.2', 'app@fd00::7'])
  await dnsmasq.setRecords({ [name]: ['10.0.0.3'] })
  assert.deepEqual(await list(strategy), ['app@10.0.0.3'])
  await dnsmasq.setRecords({ 'other.ns.svc.cluster.local': ['10.0.0.9'] })
  assert.deepEqual(await list(strategy), [])
})

test('a real name server with a thousand records is read in full', async (t) => {
  if (!requirePeer(t, 'dnsmasq')) return
  const addresses = Array.from({ length: 1000 }, (_, index) => `10.1.${index >> 8}.${index & 255}`)
  const { strategy } = await serve(t, { 'app.ns.svc.cluster.local': addresses })
  assert.equal((await list(strategy)).length, 1000)
})

test('a name server that is silent, or that is not there, is a failure in good time, and not an empty list', async (t) => {
  if (!requirePeer(t, 'dnsmasq')) return
  const { dnsmasq, strategy, impatient } = await serve(t, { 'app.ns.svc.cluster.local': ['10.0.0.1'] })
  dnsmasq.suspend()
  await assert.rejects(list(impatient), {
    code: 'LOOKUP_TIMEOUT',
    message: new RegExp(`${dnsmasq.address}:${dnsmasq.port}`),
  })
  dnsmasq.resume()
  assert.deepEqual(await list(strategy), ['app@10.0.0.1'])
  await dnsmasq.stop()
  await assert.rejects(list(impatient), { name: 'ClusterError' })
})

test('an abort ends a query that waits', async (t) => {
  const silent = createSocket('udp4')
  silent.bind(0, '127.0.0.1')
  await once(silent, 'listening')
  t.after(() => silent.close())
  const strategy = new KubernetesDns({
    service: 'app.example',
    applicationName: 'app',
    resolver: { address: '127.0.0.1', port: silent.address().port },
    timeoutMs: 60_000,
  })
  const abort = new AbortController()
  const reason = new Error('enough')
  silent.once('message', () => abort.abort(reason))
  await assert.rejects(list(strategy, { signal: abort.signal }), reason)
})
