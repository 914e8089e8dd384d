/** Bounds for callers that have not proved anything. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { freePort, waitFor } from '@tiebeam/testing'
import type { Node } from '../src/node.ts'
import { freshName, startNode } from './peers/start-peer.ts'

async function call(node: Node): Promise<Socket> {
  const socket = connect({ host: node.name.split('@')[1] as string, port: node.port })
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

test('callers that say nothing are limited in number and in time, and hurt no connection', async (t) => {
  const port = await freePort()
  const node = await startNode(t, {
    name: freshName('subject'),
    epmd: false,
    port,
    unauthenticatedMax: 5,
    handshakeMs: 5_000,
  })
  const friend = await startNode(t, { name: freshName('friend'), epmd: false, port })
  await friend.connect(node.name)
  const silent = await Promise.all(Array.from({ length: 5 }, () => call(node)))
  await waitFor(() => node.stats().unauthenticated === 5)
  const surplus = await call(node)
  await once(surplus.resume(), 'close')
  assert.equal(await friend.ping(node.name), 'pong')
  await Promise.all(silent.map((socket) => once(socket.resume(), 'close')))
  assert.equal(node.stats().unauthenticated, 0)
  assert.equal(node.stats().refusedCallers, 6)
  assert.deepEqual(node.nodes(), [friend.name])
})

test('a caller whose first frame is long, or no handshake, is closed at once', async (t) => {
  const node = await startNode(t, { name: freshName('subject'), epmd: false, port: await freePort() })
  for (const bytes of [
    Buffer.from([0xff, 0xff, 0x4e]),
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.from([0, 1, 0]),
  ]) {
    const socket = await call(node)
    socket.write(bytes)
    await once(socket.resume(), 'close')
  }
  assert.equal(node.stats().refusedCallers, 3)
  assert.equal(node.stats().unauthenticated, 0)
})
