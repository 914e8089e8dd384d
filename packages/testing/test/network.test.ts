import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import type { Host, Network } from '../src/index.ts'
import { Child, createNetwork, requirePeer, startDnsmasq, startErl, Teardown, waitFor } from '../src/index.ts'

const peers = ['root', 'ip', 'nft', 'nsenter', 'unshare'] as const

const server = `require('node:net').createServer((s) => s.end('hello')).listen(5000, '::', () => console.log('up'))`
const client = `
  const [address] = process.argv.slice(1)
  const socket = require('node:net').connect({ host: address, port: 5000, timeout: 1000 })
  // Only the network is to be found silent: the server may take its time.
  socket.on('connect', () => socket.setTimeout(0))
  socket.on('data', (data) => console.log(String(data)))
  socket.on('timeout', () => { console.log('silence'); socket.destroy() })
  socket.on('error', (error) => console.log(error.code))`

async function serve(scope: Teardown, hosts: readonly Host[]): Promise<Child[]> {
  return Promise.all(
    hosts.map(async (host) => {
      const child = new Child(scope, host.spawn(process.execPath, ['-e', server]), host.name)
      await child.waitForOutput(/up/)
      return child
    }),
  )
}

async function reach(network: Network, from: string, address: string): Promise<string> {
  return (await network.host(from).exec(process.execPath, ['-e', client, address])).stdout.trim()
}

test('hosts reach each other over IPv4 and IPv6, until the network is cut, and again when it is healed', async (t) => {
  if (!requirePeer(t, ...peers)) return
  const scope = new Teardown()
  t.after(() => scope.run())
  const network = await createNetwork(scope, { hosts: ['a', 'b', 'c'] })
  const children = await serve(scope, network.hosts)
  const [a, b, c] = network.hosts as [Host, Host, Host]
  assert.equal(await reach(network, 'a', b.ipv4), 'hello')
  assert.equal(await reach(network, 'a', b.ipv6), 'hello')
  assert.equal(await reach(network, 'a', 'c'), 'hello')

  await network.partition(['a', 'b'], ['c'])
  assert.equal(await reach(network, 'a', b.ipv4), 'hello')
  assert.deepEqual(await Promise.all([reach(network, 'a', c.ipv4), reach(network, 'c', b.ipv6)]), [
    'silence',
    'silence',
  ])
  assert.equal(await reach(network, 'c', '127.0.0.1'), 'hello')

  await network.partition(['a'], ['b'])
  assert.deepEqual(await Promise.all([reach(network, 'a', b.ipv4), reach(network, 'c', b.ipv4)]), ['silence', 'hello'])

  await network.heal()
  assert.equal(await reach(network, 'c', a.ipv6), 'hello')

  await network.cut([['a', 'b']])
  assert.equal(await reach(network, 'b', a.ipv4), 'silence')
  assert.equal(await reach(network, 'a', c.ipv4), 'hello')
  await network.heal()

  const pids = children.map((child) => child.pid)
  await network.destroy()
  // Killed they are; that this process takes note of it may need another turn.
  for (const pid of pids) await waitFor(() => !existsSync(`/proc/${pid}`), { what: () => `process ${pid} to be gone` })
})

test('a crash ends all programs of a host, grandchildren too, and it returns under another address', async (t) => {
  if (!requirePeer(t, ...peers)) return
  const scope = new Teardown()
  t.after(() => scope.run())
  const network = await createNetwork(scope, { hosts: 2 })
  const [one] = network.hosts as [Host, Host]
  await serve(scope, network.hosts)
  const shell = new Child(scope, one.spawn('sh', ['-c', 'sleep 1000 & echo $!; wait']), 'shell')
  const [, grandchild] = await shell.waitForOutput(/(\d+)\n/)
  await one.crash()
  await waitFor(() => !existsSync(`/proc/${grandchild}`), { what: 'the end of the grandchild' })
  assert.equal(await reach(network, 'host2', '10.77.0.1'), 'ECONNREFUSED')
  await one.setAddresses('10.77.0.101', 'fd77::101')
  await serve(scope, [one])
  assert.equal(await reach(network, 'host2', one.ipv4), 'hello')
  assert.equal(await reach(network, 'host2', one.ipv6), 'hello')
  assert.notEqual(await reach(network, 'host2', '10.77.0.1'), 'hello')
})

test('erl nodes and dnsmasq run on the hosts, each with its own EPMD', async (t) => {
  if (!requirePeer(t, ...peers, 'erl', 'epmd', 'dnsmasq')) return
  const scope = new Teardown()
  t.after(() => scope.run())
  const network = await createNetwork(scope, { hosts: ['a', 'b', 'dns'], nameserver: 'dns' })
  const [a, b, dns] = network.hosts as [Host, Host, Host]
  const names = { 'a.app.test': [a.ipv4], 'b.app.test': [b.ipv4] }
  await startDnsmasq(scope, { spawn: dns.spawn, address: dns.ipv4, records: names })
  const [one, two] = await Promise.all([
    startErl(scope, { spawn: a.spawn, name: 'n@a.app.test' }),
    startErl(scope, { spawn: b.spawn, name: 'n@b.app.test' }),
  ])
  assert.equal(await one.evaluate("net_adm:ping('n@b.app.test')"), 'pong')
  assert.equal(await two.evaluate('inet:gethostname()'), '{ok,"b"}')
  await a.crash()
  await waitFor(() => !one.child.running)
  assert.equal(two.child.running, true)
})

test('a network goes with the process that made it, even one that was killed', async (t) => {
  if (!requirePeer(t, ...peers)) return
  const index = new URL('../src/index.js', import.meta.url).href
  const source = `
    import { createNetwork, Teardown } from ${JSON.stringify(index)}
    const network = await createNetwork(new Teardown(), { hosts: 2 })
    const children = network.hosts.map((host) => host.spawn('sleep', ['1000']))
    const pids = [...children.map((child) => child.pid), ...network.hosts.map((host) => host.holderPid)]
    process.stdout.write(pids.join(), () => process.kill(process.pid, 'SIGKILL'))`
  const result = spawnSync(process.execPath, ['--input-type=module', '--eval', source], { encoding: 'utf8' })
  assert.equal(result.signal, 'SIGKILL', result.stderr)
  const pids = result.stdout.split(',').map(Number)
  assert.equal(pids.length, 4)
  await waitFor(() => pids.every((pid) => !existsSync(`/proc/${pid}`)), { what: `the end of ${pids}` })
})
