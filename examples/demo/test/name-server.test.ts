import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { test } from 'node:test'
import { NameServer } from '../src/name-server.ts'

function resolverOf(server: NameServer): Resolver {
  const resolver = new Resolver({ timeout: 2000, tries: 5 })
  resolver.setServers([`${server.address}:${server.port}`])
  return resolver
}

test('a name stands for the addresses that were added and not removed', async () => {
  const server = await NameServer.start()
  try {
    const resolver = resolverOf(server)
    server.add('app.demo.internal', '127.0.0.2')
    server.add('app.demo.internal', '127.0.0.3')
    server.add('other.demo.internal', '127.0.0.4')
    assert.deepEqual((await resolver.resolve4('app.demo.internal')).sort(), ['127.0.0.2', '127.0.0.3'])
    assert.deepEqual(await resolver.resolve4('APP.demo.internal').then((found) => found.length), 2)

    server.remove('app.demo.internal', '127.0.0.2')
    assert.deepEqual(await resolver.resolve4('app.demo.internal'), ['127.0.0.3'])
  } finally {
    await server.stop()
  }
})

test('a service without addresses is told from one that nobody knows, and has no IPv6 addresses', async () => {
  const server = await NameServer.start()
  try {
    const resolver = resolverOf(server)
    server.add('app.demo.internal', '127.0.0.2')
    await assert.rejects(resolver.resolve6('app.demo.internal'), { code: 'ENODATA' })
    server.remove('app.demo.internal', '127.0.0.2')
    await assert.rejects(resolver.resolve4('app.demo.internal'), { code: 'ENODATA' })
    await assert.rejects(resolver.resolve4('unknown.demo.internal'), { code: 'ENOTFOUND' })
  } finally {
    await server.stop()
  }
})

test('bytes that are no query get no answer and do no harm', async () => {
  const server = await NameServer.start()
  const socket = createSocket('udp4')
  try {
    for (const bytes of [Buffer.alloc(0), Buffer.from('no query'), Buffer.alloc(600, 0xff)]) {
      await new Promise((resolve) => socket.send(bytes, server.port, server.address, resolve))
    }
    server.add('app.demo.internal', '127.0.0.2')
    assert.deepEqual(await resolverOf(server).resolve4('app.demo.internal'), ['127.0.0.2'])
  } finally {
    socket.close()
    await server.stop()
  }
})
