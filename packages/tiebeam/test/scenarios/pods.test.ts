/** Pods as a Deployment makes them, in namespaces with a DNS server: the environment is all that the apps are told. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createNetwork, requirePeer, startDnsmasq, startElixir, startEpmd, waitFor } from '@tiebeam/testing'
import { startApp, started } from '../start/app-process.ts'

test('three replicas and an Elixir node become one cluster by the variables of an Elixir Deployment', async (t) => {
  if (!requirePeer(t, 'root', 'ip', 'nft', 'nsenter', 'unshare', 'dnsmasq', 'elixir', 'epmd')) return
  const network = await createNetwork(t, { hosts: ['one', 'two', 'three', 'elixir', 'dns'], nameserver: 'dns' })
  const server = network.host('dns')
  const pods = ['one', 'two', 'three'].map((name) => network.host(name))
  const elixirHost = network.host('elixir')
  await startDnsmasq(t, {
    spawn: server.spawn,
    address: server.ipv4,
    records: { shop: [...pods, elixirHost].map(({ ipv4 }) => ipv4) },
  })
  const epmd = await startEpmd(t, { spawn: elixirHost.spawn })
  const elixir = await startElixir(t, {
    ...{ name: `shop@${elixirHost.ipv4}`, cookie: 'from-a-secret', epmd, spawn: elixirHost.spawn },
  })
  const variables = ['RELEASE_NODE_IP', 'RELEASE_IP', 'POD_IP']
  const apps = await Promise.all(
    pods.map((host, index) =>
      startApp(t, 'plain', {
        spawn: host.spawn,
        environment: {
          [variables[index] as string]: host.ipv4,
          ...(index === 0 ? { DATAPIO_SERVICE_NAME: 'shop' } : { TIEBEAM_SERVICE_NAME: 'shop' }),
          RELEASE_COOKIE: 'from-a-secret',
          ERL_EPMD_PORT: '4369',
          TIEBEAM_HTTP_PORT: '9464',
          TIEBEAM_MINIMUM_NODES: '4',
        },
      }),
    ),
  )
  for (const app of apps) await started(app)
  const ready = async (index: number) => {
    const { code } = await (pods[index] as (typeof pods)[number]).exec(process.execPath, [
      '-e',
      `fetch('http://${pods[index]?.ipv4}:9464/readyz').then(({ status }) => process.exit(status === 200 ? 0 : 1))`,
    ])
    return code === 0
  }
  for (const index of [0, 1, 2]) await waitFor(() => ready(index))
  const names = pods.map(({ ipv4 }) => `:"shop@${ipv4}"`).sort()
  await waitFor(async () => (await elixir.evaluateElixir('Enum.sort(Node.list())')) === `[${names.join(', ')}]`)
  for (const name of names) {
    assert.equal(await elixir.evaluateElixir(`GenServer.call({:greeter, ${name}}, {:greet, "ada"})`), '"hello ada"')
  }
})
