import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { waitFor } from '@tiebeam/testing'
import { KubernetesClient, type Pod, pods, type Watch, type WatchInit } from '../../src/index.ts'
import {
  ended,
  type FaultServer,
  failure,
  item,
  json,
  line,
  list,
  reset,
  startFaultServer,
  stream,
} from '../fault-server.ts'
import { Collected } from './collected.ts'

interface Started {
  readonly server: FaultServer
  readonly client: KubernetesClient
  watch(init?: WatchInit<Pod>): { watch: Watch<Pod>; collected: Collected<Pod>; end(): Promise<void> }
}

async function start(t: TestContext): Promise<Started> {
  const server = await startFaultServer(t)
  const client = new KubernetesClient({ server: server.url, namespace: 'shop' })
  t.after(() => client.close())
  return {
    server,
    client,
    watch(init = {}) {
      const ending = new AbortController()
      const watch = client.resource(pods).watch({ backOffMs: 2, relistSpreadMs: 2, signal: ending.signal, ...init })
      const collected = new Collected(watch)
      const end = (): Promise<void> => {
        ending.abort()
        return collected.ended
      }
      return { watch, collected, end }
    },
  }
}

const bookmark = (version: string): string => line('BOOKMARK', { metadata: { resourceVersion: version } })

test('events are told, however their bytes are cut or joined', async (t) => {
  const { server, watch } = await start(t)
  const lines = Buffer.from(
    line('ADDED', item('b', '11')) + line('MODIFIED', item('ä€', '12')) + line('DELETED', item('b', '13')),
  )
  const pieces = [lines.subarray(0, 20), lines.subarray(20, 131), lines.subarray(131, 150), lines.subarray(150)]
  server.script(list('10', { 'ä€': '1' }), stream(...pieces))
  const { collected, end } = watch()
  await collected.told('deleted b')
  assert.deepEqual(collected.lines, ['added ä€', 'synced', 'added b', 'modified ä€', 'deleted b'])
  assert.equal(server.asked[1]?.query.watch, 'true')
  assert.equal(server.asked[1]?.query.resourceVersion, '10')
  assert.equal(server.asked[1]?.query.allowWatchBookmarks, 'true')
  await end()
})

test('a reset in the middle of a line is resumed from the last whole event', async (t) => {
  const { server, watch } = await start(t)
  const whole = line('ADDED', item('b', '11'))
  server.script(list('10', {}), reset(whole, whole.slice(0, 30)), stream(line('ADDED', item('c', '12'))))
  const { collected, end } = watch()
  await collected.told('added c')
  assert.deepEqual(collected.lines, ['synced', 'added b', 'added c'])
  assert.equal(server.asked[2]?.query.resourceVersion, '11')
  await end()
})

test('a stream that the server ends is followed by one from the last bookmark', async (t) => {
  const { server, watch } = await start(t)
  server.script(list('10', {}), ended(bookmark('25')), stream(line('ADDED', item('b', '26'))))
  const { collected, end } = watch()
  await collected.told('added b')
  assert.deepEqual(collected.lines, ['synced', 'added b'])
  assert.equal(server.asked[2]?.query.resourceVersion, '25')
  await end()
})

test('a connection that is silent is given up for another', async (t) => {
  const { server, watch } = await start(t)
  server.script(list('10', {}), stream(bookmark('25')), stream(line('ADDED', item('b', '26'))))
  const { collected, end } = watch({ silenceMs: 100 })
  await collected.told('added b')
  assert.equal(server.asked[2]?.query.resourceVersion, '25')
  await end()
})

test('a blocked event loop, or a slow reader, is not the silence of the server', async (t) => {
  const { server, client } = await start(t)
  let tell = (): void => {}
  server.script(list('10', {}), async (response, asked) => {
    await stream(line('ADDED', item('b', '11')))(response, asked)
    tell = () => {
      response.write(line('ADDED', item('c', '12')))
      const untilMs = performance.now() + 1000
      while (performance.now() < untilMs);
    }
  })
  for await (const event of client.resource(pods).watch({ silenceMs: 500 })) {
    if (event.type === 'added' && event.object.metadata?.name === 'c') break
    if (event.type !== 'added') continue
    await new Promise((resolve) => setTimeout(resolve, 1000))
    // After this phase of the event loop timers come first, and sockets only then.
    setTimeout(() => setImmediate(tell), 20)
  }
  assert.equal(server.asked.length, 2)
})

test('a version that has expired within a stream or before it is listed again', async (t) => {
  const { server, watch } = await start(t)
  const expired = line('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' })
  server.script(
    list('10', { a: '1', b: '2' }),
    stream(expired),
    list('20', { a: '15', c: '16' }),
    failure(410, 'Expired'),
    list('30', { a: '15', c: '16' }),
    stream(),
  )
  const { collected, end } = watch()
  await server.askedTimes(6)
  assert.deepEqual(collected.lines, [
    ...['added a', 'added b', 'synced'],
    ...['modified a', 'added c', 'deleted b', 'synced'],
    'synced',
  ])
  await end()
})

test('refusals are told and tried again, as late as the server asks', async (t) => {
  const { server, watch } = await start(t)
  server.script(
    failure(503, 'ServiceUnavailable'),
    reset(),
    list('10', {}),
    failure(429, 'TooManyRequests', { 'retry-after': '1' }),
    failure(403, 'Forbidden'),
    stream(line('ADDED', item('b', '11'))),
  )
  const { collected, end } = watch()
  await collected.told('added b')
  assert.deepEqual(collected.lines, [
    ...['failing SERVICE_UNAVAILABLE', 'failing CONNECTION_FAILED', 'synced'],
    ...['failing TOO_MANY_REQUESTS', 'failing FORBIDDEN', 'recovered', 'added b'],
  ])
  const busy = collected.events[3]
  assert.ok(busy?.type === 'failing' && busy.retryMs === 1000)
  await end()
})

test('what is no stream of events is told, and left behind by listing again', async (t) => {
  const { server, watch } = await start(t)
  const unreadable = ['<html>\n', '{"type":"ADDED"}\n', '[]\n', `{"type":"ADDED","object":"${'x'.repeat(2000)}`]
  server.script(
    ...unreadable.flatMap((text) => [list('10', { a: '1' }), stream(text)]),
    list('10', { a: '1' }),
    stream(line('ADDED', item('b', '11'))),
  )
  const { collected, end } = watch({ eventBytesMax: 1000 })
  await collected.told('added b')
  assert.equal(collected.count('failing RESPONSE_MALFORMED'), 3)
  assert.equal(collected.count('failing RESPONSE_TOO_LARGE'), 1)
  assert.equal(collected.count('added a'), 1)
  await end()
})

test('leaving the loop, the signal and closing the client each end a watch and its connection', async (t) => {
  const { server, client, watch } = await start(t)
  let open = 0
  server.script((response, asked) => {
    if (asked.query.watch === undefined) return list('10', { a: '1' })(response, asked)
    open += 1
    response.once('close', () => {
      open -= 1
    })
    return stream(bookmark('11'))(response, asked)
  })
  const signalled = watch()
  const closed = watch({ silenceMs: 60_000 })
  const left = client.resource(pods).watch()
  for await (const event of left) if (event.type === 'synced') break
  await waitFor(() => open === 2)
  await signalled.end()
  await waitFor(() => open === 1)
  client.close()
  await closed.collected.ended
  await waitFor(() => open === 0)
  assert.deepEqual(await left[Symbol.asyncIterator]().next(), { done: true, value: undefined })
  const late = client.resource(pods).watch()
  for await (const event of late) assert.fail(event.type)
})

test('the client can be closed while a watch waits for its next try', async (t) => {
  const { server, client, watch } = await start(t)
  server.script(failure(403, 'Forbidden'))
  const { collected } = watch({ backOffMs: 600_000, backOffMsMax: 600_000 })
  await collected.told('failing FORBIDDEN')
  client.close()
  await collected.ended
})

test('what is of no use can be dropped before it is kept', async (t) => {
  const { server, watch } = await start(t)
  const fat = { ...item('a', '1'), spec: { containers: [], junk: 'x' }, status: { podIP: '10.0.0.7' } }
  server.script(json(200, { metadata: { resourceVersion: '10' }, items: [fat] }), stream())
  const {
    watch: watching,
    collected,
    end,
  } = watch({
    transform: ({ metadata, status }) => ({ ...(metadata && { metadata }), ...(status && { status }) }),
  })
  await collected.told('synced')
  assert.deepEqual(watching.objects.get('shop/a'), { metadata: item('a', '1').metadata, status: { podIP: '10.0.0.7' } })
  await end()
})

test('a list of many objects leaves time for other work', async (t) => {
  const { server, watch } = await start(t)
  const items = Array.from({ length: 5000 }, (_, index) => ({
    ...item(`pod-${index}`, '1'),
    spec: { text: 'x'.repeat(1000) },
  }))
  server.script((response, asked) => {
    if (asked.query.watch !== undefined) return stream()(response, asked)
    const offset = Number(asked.query.continue ?? 0)
    const end = offset + Number(asked.query.limit)
    const metadata = { resourceVersion: '10', continue: end < items.length ? String(end) : '' }
    return json(200, { metadata, items: items.slice(offset, end) })(response, asked)
  })
  let turns = 0
  const timer = setInterval(() => {
    turns += 1
  }, 1)
  t.after(() => clearInterval(timer))
  const { collected, end } = watch()
  await collected.told('synced')
  assert.equal(server.asked.filter(({ query }) => query.watch === undefined).length, 10)
  assert.ok(turns >= 10, `${turns} turns of the event loop`)
  await end()
})
