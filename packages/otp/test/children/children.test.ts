import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { atom, type Node, type Pid } from '@tiebeam/distribution'
import { waitFor } from '@tiebeam/testing'
import {
  type ChildSpec,
  ChildStartError,
  intervalChild,
  OtpError,
  type Resource,
  resourceChild,
  Supervisor,
  serverChild,
  taskChild,
  threadChild,
  workerChild,
} from '../../src/index.ts'
import { RecordingLogger } from '../recording-logger.ts'
import { startAlone } from '../start.ts'

const KILL = atom('kill')

async function onlyPid(tree: Supervisor): Promise<Pid> {
  const children = await tree.whichChildren()
  return children[0]?.pid as Pid
}

function portOf(server: Server | undefined): number {
  assert.ok(server)
  return (server.address() as AddressInfo).port
}

/** A tree that restarts its child as often as it must. */
function startOne(node: Node, child: ChildSpec): Promise<Supervisor> {
  return Supervisor.start(node, { restartsMax: 100, children: [child] })
}

test('a worker that is told to end has time to clean up, and is waited for', async (t) => {
  const node = await startAlone(t)
  const lines: string[] = []
  const run = async ({ signal }: { signal: AbortSignal }): Promise<void> => {
    await sleep(60_000, undefined, { signal }).catch(() => lines.push('told'))
    await sleep(10)
    lines.push('clean')
  }
  const tree = await startOne(node, workerChild({ id: 'worker', run }))
  await sleep(1)
  await tree.stop()
  assert.deepEqual(lines, ['told', 'clean'])
})

test('a worker is restarted when it fails and when it returns, a task is not', async (t) => {
  const node = await startAlone(t)
  const runs = { worker: 0, task: 0, failing: 0 }
  const wait = () => new Promise<void>(() => {})
  const tree = await Supervisor.start(node, {
    restartsMax: 100,
    children: [
      workerChild({ id: 'worker', run: () => (++runs.worker < 3 ? undefined : wait()) }),
      workerChild({
        id: 'failing',
        run: () => (++runs.failing < 3 ? Promise.reject(new Error('no')) : wait()),
        shutdownMs: 0,
      }),
      taskChild({ id: 'task', run: () => void runs.task++ }),
    ],
  })
  await waitFor(() => runs.worker === 3 && runs.failing === 3)
  assert.equal(runs.task, 1)
  assert.deepEqual(
    (await tree.whichChildren()).map(({ id }) => id),
    ['worker', 'failing'],
  )
  await tree.stop({ timeoutMs: 0 })
})

test('an interval runs again and again, never twice at once, and ends with its error', async (t) => {
  const logger = new RecordingLogger()
  const node = await startAlone(t, { logger })
  let [runs, running] = [0, 0]
  const run = async (): Promise<void> => {
    assert.equal(++running, 1)
    await sleep(2)
    running--
    if (++runs === 3) throw new Error('the third run fails')
  }
  const tree = await startOne(node, intervalChild({ id: 'interval', everyMs: 1, run }))
  await waitFor(() => runs > 5)
  await tree.stop()
  const count = runs
  await sleep(10)
  assert.equal(runs, count)
  assert.equal(logger.complaints('restarted').length, 1)
  for (const everyMs of [0, -1, Number.NaN, 2 ** 31]) {
    assert.throws(() => intervalChild({ id: 'interval', everyMs, run }), /everyMs/)
  }
})

test('a resource is released whatever ends its child, and before the next one is acquired', async (t) => {
  const node = await startAlone(t)
  const lines: string[] = []
  let fail = (_error: Error): void => {}
  const start = async (): Promise<Resource> => {
    lines.push('acquire')
    return {
      ended: new Promise((_, reject) => {
        fail = reject
      }),
      stop: async ({ forced }) => {
        lines.push(forced ? 'force' : 'stop')
        await sleep(10)
        lines.push('released')
      },
    }
  }
  const tree = await startOne(node, resourceChild({ id: 'resource', start }))
  const acquired = async (times: number) => {
    await waitFor(
      async () =>
        lines.filter((line) => line === 'acquire').length === times && (await tree.countChildren()).active === 1,
    )
  }
  node.exit(await onlyPid(tree), KILL)
  await acquired(2)
  fail(new Error('broken'))
  await acquired(3)
  node.exit(await onlyPid(tree), atom('shutdown'))
  await acquired(4)
  await tree.stop()
  const cycle = ['stop', 'released']
  assert.deepEqual(lines, [
    'acquire',
    'force',
    'released',
    'acquire',
    ...cycle,
    'acquire',
    ...cycle,
    'acquire',
    ...cycle,
  ])
})

test('a resource that cannot be acquired fails the start, one that cannot be released is told of', async (t) => {
  const logger = new RecordingLogger()
  const node = await startAlone(t, { logger })
  const cause = new Error('no such host')
  const start = () => Promise.reject(cause)
  const failed = startOne(node, resourceChild({ id: 'resource', start }))
  await assert.rejects(failed, (error) => error instanceof ChildStartError && error.cause === cause)
  const stop = () => Promise.reject(new Error('stuck'))
  const tree = await startOne(node, resourceChild({ id: 'resource', start: () => ({ stop }) }))
  await tree.stop()
  assert.equal(logger.complaints('let go').length, 1)
})

test('a start that is told to stop in the meantime gives up', async (t) => {
  const node = await startAlone(t)
  let starting = false
  const start = (signal: AbortSignal) => {
    starting = true
    return sleep(60_000, { stop: () => {} }, { signal })
  }
  const tree = Supervisor.start(node, { name: 'tree', children: [resourceChild({ id: 'slow', start })] })
  await waitFor(() => starting)
  await Promise.all([
    Supervisor.at(node, 'tree').stop(),
    assert.rejects(tree, (error) => error instanceof OtpError && error.code === 'SUPERVISOR_STOPPED'),
  ])
})

test('a killed HTTP server is restarted at its port, and a stopped one finishes what it has begun', async (t) => {
  const node = await startAlone(t)
  const servers: Server[] = []
  let finish: (() => void) | undefined
  const create = () => {
    const server = http.createServer((request, response) => {
      if (request.url === '/slow') finish = () => response.end('slow')
      else response.end('fast')
    })
    servers.push(server)
    return server
  }
  const first = await startOne(node, serverChild({ id: 'http', create, listen: { port: 0, host: '127.0.0.1' } }))
  const port = portOf(servers[0])
  await first.stop()
  const tree = await startOne(node, serverChild({ id: 'http', create, listen: { port, host: '127.0.0.1' } }))
  // A connection for each, since one that is kept alive is cut with its server.
  const get = async (path: string) => {
    const request = http.get({ host: '127.0.0.1', port, path, agent: false })
    const [response] = await once(request, 'response')
    return text(response)
  }
  assert.equal(await get('/'), 'fast')
  node.exit(await onlyPid(tree), KILL)
  await waitFor(() => servers.length === 3 && servers[2]?.listening)
  assert.equal(await get('/'), 'fast')
  const slow = get('/slow')
  const finishSlow = await waitFor(() => finish)
  const stopped = tree.stop()
  await waitFor(() => servers[2]?.listening === false)
  await assert.rejects(get('/'), 'no new connections')
  finishSlow()
  assert.equal(await slow, 'slow')
  await stopped
})

test('a server that cannot listen does not start, one that fails is restarted', async (t) => {
  const node = await startAlone(t)
  const servers: Server[] = []
  const create = () => {
    const server = createServer()
    servers.push(server)
    return server
  }
  const tree = await startOne(node, serverChild({ id: 'net', create, listen: { port: 0, host: '127.0.0.1' } }))
  const port = portOf(servers[0])
  const taken = startOne(node, serverChild({ id: 'net', create, listen: { port, host: '127.0.0.1' } }))
  await assert.rejects(
    taken,
    (error) => error instanceof ChildStartError && (error.cause as { code?: string }).code === 'EADDRINUSE',
  )
  servers[0]?.emit('error', new Error('out of handles'))
  await waitFor(() => servers[2]?.listening)
  servers[2]?.close()
  await waitFor(() => servers[3]?.listening)
  await tree.stop()
})

test('connections that outlive drainMs are cut', async (t) => {
  const node = await startAlone(t)
  const server = createServer()
  const tree = await startOne(
    node,
    serverChild({ id: 'net', create: () => server, listen: { port: 0, host: '127.0.0.1' }, drainMs: 20 }),
  )
  const socket = connect(portOf(server), '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  const closed = once(socket, 'close')
  await tree.stop()
  await closed
  assert.throws(
    () => serverChild({ id: 'net', create: createServer, listen: {}, drainMs: 10, shutdownMs: 10 }),
    /drainMs is 10.*less than shutdownMs \(10\)/,
  )
})

test('a thread is restarted when it fails, and leaves in peace when it is done', async (t) => {
  const node = await startAlone(t)
  const threads: Worker[] = []
  const create = () => {
    const thread = new Worker(new URL('../../../test/children/thread.mjs', import.meta.url))
    threads.push(thread)
    return thread
  }
  const tree = await Supervisor.start(node, {
    restartsMax: 100,
    children: [threadChild({ id: 'thread', create, restart: 'transient' })],
  })
  for (const [index, message] of ['throw', 'exit'].entries()) {
    threads[index]?.postMessage(message)
    await waitFor(async () => threads.length === index + 2 && (await tree.countChildren()).active === 1)
  }
  node.exit(await onlyPid(tree), KILL)
  await waitFor(async () => threads.length === 4 && (await tree.countChildren()).active === 1)
  threads[3]?.postMessage('done')
  await waitFor(async () => (await tree.countChildren()).active === 0)
  assert.equal(threads.length, 4)
  await tree.stop()
  assert.deepEqual(
    threads.map(({ threadId }) => threadId),
    [-1, -1, -1, -1],
    'none is left',
  )
})

test('a thread that fails at once does not start, and one that is asked to stop may say goodbye', async (t) => {
  const node = await startAlone(t)
  const file = new URL('../../../test/children/thread.mjs', import.meta.url)
  const missing = new URL('missing.mjs', file)
  const ready = (message: unknown) => message === 'ready'
  const exits = () => new Worker('process.exit(0)', { eval: true })
  for (const create of [() => new Worker(missing), () => new Worker(file, { workerData: 'throw' }), exits]) {
    await assert.rejects(startOne(node, threadChild({ id: 'thread', create, ready })), ChildStartError)
  }
  const thread = new Worker(file)
  const messages: unknown[] = []
  thread.on('message', (message) => messages.push(message))
  const tree = await startOne(node, threadChild({ id: 'thread', create: () => thread, ready, stopMessage: 'stop' }))
  await tree.stop()
  assert.deepEqual(messages, ['ready', 'stopping'])
})
