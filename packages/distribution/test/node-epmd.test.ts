/** Nodes of one host and their EPMD. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { freePort, loopback, requirePeer, startEpmd, startErl, waitFor } from '@tiebeam/testing'
import { listNodes } from '../src/epmd/shell/client.ts'
import { DistributionError } from '../src/errors.ts'
import { Node } from '../src/node.ts'
import { cookie, freshName, startNode } from './peers/start-peer.ts'

const run = promisify(execFile)

async function registered(port: number): Promise<string[]> {
  try {
    return (await listNodes({ address: '127.0.0.1', port })).map(({ name }) => name).sort()
  } catch {
    return []
  }
}

test('when the node that serves EPMD stops, another takes over, and all can be found again', async (t) => {
  const port = await freePort()
  const names = ['first', 'second', 'third'].map((base) => freshName(base))
  const bases = names.map((name) => name.split('@')[0] as string).sort()
  const nodes: Node[] = []
  for (const name of names) nodes.push(await startNode(t, { name, epmd: { port } }))
  assert.deepEqual(await registered(port), bases)
  await nodes[0]?.stop()
  await waitFor(async () => (await registered(port)).join() === bases.filter((base) => base !== 'first').join())
  const late = await startNode(t, { name: freshName('late'), epmd: { port } })
  for (const name of names.slice(1)) await late.connect(name)
  assert.equal(late.nodes().length, 2)
  await nodes[1]?.stop()
  await waitFor(async () => (await registered(port)).join() === 'late,third')
})

test('a node is registered again when EPMD was restarted, and takes its place when it stays away', async (t) => {
  if (!requirePeer(t, 'epmd')) return
  const epmd = await startEpmd(t)
  const { port } = epmd
  const name = freshName('subject')
  const node = await startNode(t, { name, epmd: { port, serve: false } })
  const other = await startNode(t, { name: freshName('other'), epmd: { port, serve: false } })
  await node.connect(other.name)
  await waitFor(async () => (await registered(port)).length === 2)
  await epmd.stop()
  assert.deepEqual(node.nodes(), [other.name], 'connections do not depend on EPMD')
  await startEpmd(t, { port })
  await waitFor(async () => (await registered(port)).length === 2)
})

test('a basename that is taken is an error which advises a fixed port', async (t) => {
  const port = await freePort()
  const first = await startNode(t, { name: freshName('same'), epmd: { port } })
  await assert.rejects(Node.start({ name: freshName('same'), cookie, epmd: { port } }), (error) => {
    assert.ok(error instanceof DistributionError && error.code === 'EPMD_NAME_TAKEN')
    return /fixed port/.test(error.message)
  })
  await first.stop()
  await startNode(t, { name: freshName('same'), epmd: { port } })
})

test('erl registers with a node that serves EPMD, is found there, and epmd -names reads it', async (t) => {
  if (!requirePeer(t, 'erl') || !requirePeer(t, 'epmd')) return
  const port = await freePort()
  const node = await startNode(t, { name: freshName('subject'), epmd: { port } })
  const erl = await startErl(t, { name: freshName('otp'), cookie, epmd: { port } })
  await node.connect(erl.name as string)
  assert.match(await erl.evaluate(`net_adm:names({127,0,0,1})`), /"subject".*"otp"|"otp".*"subject"/)
  const { stdout } = await run('epmd', ['-names'], { env: { ...process.env, ERL_EPMD_PORT: String(port) } })
  assert.match(stdout, /name subject at port \d+/)
  assert.match(stdout, /name otp at port \d+/)
})

test('with a fixed port no EPMD is needed, not even by erl', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const port = await freePort()
  const node = await startNode(t, { name: freshName('subject'), epmd: false, port })
  const args = ['-erl_epmd_port', String(port)]
  const erl = await startErl(t, { name: freshName('otp'), cookie, epmd: false, args })
  assert.equal(await erl.evaluate(`net_adm:ping('${node.name}')`), 'pong')
  await node.disconnect(erl.name as string)
  await node.connect(erl.name as string)
})

test('a node listens at the address of its name and at no other', async (t) => {
  const port = await freePort()
  const node = await startNode(t, { name: freshName('subject'), epmd: false, port })
  const [, host = ''] = node.name.split('@')
  const elsewhere = loopback(251)
  const asked = await startNode(t, { name: `asker@${loopback(252)}`, epmd: false, port })
  await assert.rejects(asked.connect(`subject@${elsewhere}`), { code: 'CONNECT_REFUSED' })
  await asked.connect(`subject@${host}`)
  const wide = await Node.start({
    name: `wide@${loopback(253)}`,
    cookie,
    epmd: false,
    port: await freePort(),
    listen: { address: '0.0.0.0' },
  })
  await wide.stop()
})

test('creations are 32 bits, never small, and differ between lives', async (t) => {
  const creations = new Set<number>()
  for (let life = 0; life < 5; life += 1) {
    const node = await startNode(t, { name: freshName('subject'), epmd: false, port: await freePort() })
    creations.add(node.creation)
    assert.ok(node.creation >= 4 && node.creation <= 0xffffffff)
    assert.equal(node.spawn(() => {}).creation, node.creation)
  }
  assert.equal(creations.size, 5)
})
