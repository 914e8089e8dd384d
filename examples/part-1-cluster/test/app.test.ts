import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Child, freePort, loopback, requirePeer, spawnTied, startDnsmasq, waitFor } from '@tiebeam/testing'

const member = fileURLToPath(new URL('./member.js', import.meta.url))
const program = (name: string) => fileURLToPath(new URL(name, import.meta.url))

test('on a laptop it is a single node, and ends in order', async (t) => {
  const env = { ...process.env, ERL_EPMD_PORT: String(await freePort()), RELEASE_COOKIE: 'secret' }
  const child = new Child(t, spawnTied(process.execPath, [program('../src/main.js')], { env }), 'app')
  const greeting = /Hello (\S+@127\.0\.0\.1), this is \1\./
  await waitFor(() => greeting.test(child.output), { what: () => child.output })
  child.process.kill('SIGTERM')
  assert.deepEqual(await child.exited, { code: 0, signal: null }, child.output)
})

test('three of it behind one service are a cluster, and see one leave', async (t) => {
  if (!requirePeer(t, 'dnsmasq', 'loopback')) return
  const addresses = [1, 2, 3].map((index) => loopback(index))
  const port = await freePort(addresses[0])
  const dns = await startDnsmasq(t, { records: { 'my-app.test': addresses } })
  const members = addresses.map((address) => {
    const env = {
      ...{ PATH: process.env.PATH, TIEBEAM_PORT: String(port), TIEBEAM_HTTP_PORT: 'off' },
      ...{ RELEASE_NAME: 'my-app', RELEASE_COOKIE: 'secret', POD_IP: address },
    }
    const at = JSON.stringify({ address: dns.address, port: dns.port })
    return new Child(t, spawnTied(process.execPath, [member, at], { env }), address)
  })
  const output = () => members.map((member) => member.output).join('\n')
  await waitFor(() => members.every((member) => /now there are 3/i.test(member.output)), {
    what: () => `three members:\n${output()}`,
  })
  const [leaver, ...others] = members
  leaver?.process.kill('SIGTERM')
  assert.deepEqual(await leaver?.exited, { code: 0, signal: null }, output())
  await waitFor(
    () => others.every(({ output }) => output.includes(`my-app@${addresses[0]} has gone; now there are 2.`)),
    { what: () => `one that leaves:\n${output()}` },
  )
})

test('its manifests are what tiebeam manifests prints', () => {
  const file = program('../../k8s/my-app.yaml')
  const args = 'manifests --name my-app --image registry.example.com/my-app:0.1.0'.split(' ')
  const only = 'ServiceAccount,Service,NetworkPolicy,PodDisruptionBudget,Deployment'
  // The commands alone; the whole program has them under the same names.
  const main = program('../../../../packages/tiebeam/dist/test/release/command-main.js')
  const { stdout, stderr } = spawnSync(process.execPath, [main, ...args, '--only', only], { encoding: 'utf8' })
  assert.equal(stderr, '')
  if (process.env.TIEBEAM_WRITE_GOLDEN === '1') writeFileSync(file, stdout)
  assert.equal(readFileSync(file, 'utf8'), stdout)
})
