import assert from 'node:assert/strict'
import { Resolver } from 'node:dns/promises'
import { test } from 'node:test'
import { loopback, requirePeer, startDnsmasq } from '../src/index.ts'

test('dnsmasq serves the records, new ones as soon as they are set, and nothing else', async (t) => {
  if (!requirePeer(t, 'dnsmasq', 'loopback')) return
  const dns = await startDnsmasq(t, { address: loopback(1), records: { 'app.test': ['127.0.0.1', 'fd77::1'] } })
  const resolver = new Resolver()
  resolver.setServers([`${dns.address}:${dns.port}`])
  assert.deepEqual(await resolver.resolve4('app.test', { ttl: true }), [{ address: '127.0.0.1', ttl: 0 }])
  assert.deepEqual(await resolver.resolve6('app.test'), ['fd77::1'])
  await assert.rejects(resolver.resolve4('other.test'), { code: 'ENOTFOUND' })
  for (let round = 2; round < 20; round += 1) {
    await dns.setRecords({ 'app.test': [`127.0.0.${round}`, '127.0.0.1'] })
    assert.deepEqual((await resolver.resolve4('app.test')).sort(), ['127.0.0.1', `127.0.0.${round}`])
  }
  await dns.setRecords({})
  await assert.rejects(resolver.resolve4('app.test'), { code: 'ENOTFOUND' })
})

test('a stopped server refuses, a suspended one is silent, and both come back with the last records', async (t) => {
  if (!requirePeer(t, 'dnsmasq')) return
  const dns = await startDnsmasq(t, { records: { 'app.test': ['10.0.0.1'] } })
  const [patient, impatient] = [new Resolver(), new Resolver({ timeout: 200, tries: 1 })]
  for (const resolver of [patient, impatient]) resolver.setServers([`${dns.address}:${dns.port}`])
  await dns.stop()
  await assert.rejects(patient.resolve4('app.test'), { code: 'ECONNREFUSED' })
  await dns.setRecords({ 'app.test': ['10.0.0.2'] })
  await dns.start()
  assert.deepEqual(await patient.resolve4('app.test'), ['10.0.0.2'])
  dns.suspend()
  await assert.rejects(impatient.resolve4('app.test'), { code: 'ETIMEOUT' })
  dns.resume()
  assert.deepEqual(await patient.resolve4('app.test'), ['10.0.0.2'])
})
