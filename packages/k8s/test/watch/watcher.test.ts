import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KubernetesError } from '../../src/errors.ts'
import type { KubernetesObject } from '../../src/index.ts'
import type { WatcherInput, WatcherOutput } from '../../src/watch/events.ts'
import { type WatchSettings, watchSettings } from '../../src/watch/settings.ts'
import { Watcher } from '../../src/watch/watcher.ts'
import { lineOf } from './collected.ts'

type Output = WatcherOutput<KubernetesObject>

/** A watcher to which chance always gives a half. */
function watcherOf(settings: Partial<WatchSettings> = {}): Watcher<KubernetesObject> {
  return new Watcher({
    settings: watchSettings(settings),
    request: 'GET /api/v1/pods',
    transform: (object) => object,
    random: () => 0.5,
  })
}

function object(name: string, resourceVersion: string, uid = `uid of ${name}`): KubernetesObject {
  return { metadata: { name, uid, resourceVersion } }
}

function page(
  items: readonly KubernetesObject[],
  resourceVersion: string,
  token?: string,
): WatcherInput<KubernetesObject> {
  const metadata = { resourceVersion, ...(token !== undefined && { continue: token }) }
  return { type: 'page', page: { metadata, items } }
}

function received(type: string, about: KubernetesObject): WatcherInput<KubernetesObject> {
  return { type: 'received', event: { type, object: about } }
}

function feed(
  watcher: Watcher<KubernetesObject>,
  inputs: readonly WatcherInput<KubernetesObject>[],
  nowMs = 0,
): Output {
  let output: Output = { events: [], next: { type: 'read' } }
  for (const input of inputs) output = watcher.handle(input, nowMs)
  return output
}

/** A watcher that has listed `a` and `b` at version 10 and has a stream open since 0 ms. */
function following(settings: Partial<WatchSettings> = {}): Watcher<KubernetesObject> {
  const watcher = watcherOf(settings)
  feed(watcher, [{ type: 'started' }, page([object('a', '1'), object('b', '2')], '10'), { type: 'opened' }])
  return watcher
}

const lost = { type: 'ended', end: { kind: 'lost' } } as const
const expired = new KubernetesError('EXPIRED', 'too old', { httpStatus: 410 })
const refused = new KubernetesError('CONNECTION_FAILED', 'refused')

test('it lists page by page, tells that it is synced, and watches from the version of the list', () => {
  const watcher = watcherOf({ streamSeconds: 300 })
  assert.deepEqual(feed(watcher, [{ type: 'started' }]).next, { type: 'list', continue: undefined })
  const first = feed(watcher, [page([object('a', '1')], '10', 'more')])
  assert.deepEqual(first.next, { type: 'list', continue: 'more' })
  assert.deepEqual(first.events.map(lineOf), ['added a'])
  const last = feed(watcher, [page([object('b', '2')], '10')])
  assert.deepEqual(last.events.map(lineOf), ['added b', 'synced'])
  assert.deepEqual(last.next, { type: 'open', resourceVersion: '10', timeoutSeconds: 450 })
})

test('after a loss it goes on from the newest version that an event or a bookmark told, without listing', () => {
  const watcher = following()
  feed(watcher, [
    received('MODIFIED', object('a', '11')),
    received('BOOKMARK', { metadata: { resourceVersion: '20' } }),
  ])
  const output = feed(watcher, [lost])
  assert.deepEqual(output, { events: [], next: { type: 'wait', waitMs: 100 } })
  const { next } = feed(watcher, [{ type: 'waited' }])
  assert.equal(next.type === 'open' && next.resourceVersion, '20')
})

test('an end that the server was asked for is followed by the next stream at once', () => {
  const { next } = feed(following(), [{ type: 'ended', end: { kind: 'closed' } }], 300_000)
  assert.equal(next.type, 'open')
})

test('a server that closes each stream at once is asked ever more seldom', () => {
  const watcher = following({ backOffMs: 200, backOffMsMax: 1000 })
  const waits: number[] = []
  for (let round = 0; round < 5; round += 1) {
    const { next } = feed(watcher, [{ type: 'ended', end: { kind: 'closed' } }])
    waits.push(next.type === 'wait' ? next.waitMs : 0)
    feed(watcher, [{ type: 'waited' }, { type: 'opened' }])
  }
  assert.deepEqual(waits, [150, 300, 600, 750, 750])
})

test('a forgotten version is listed again, spread over time, and what vanished meanwhile is told as deleted', () => {
  for (const gone of [
    received('ERROR', { kind: 'Status', code: 410, reason: 'Expired' } as KubernetesObject),
    { type: 'openFailed', error: expired } as const,
  ]) {
    const watcher = following({ relistSpreadMs: 1000 })
    assert.deepEqual(feed(watcher, [gone]), { events: [], next: { type: 'wait', waitMs: 500 } })
    assert.deepEqual(feed(watcher, [{ type: 'waited' }]).next, { type: 'list', continue: undefined })
    const { events } = feed(watcher, [page([object('a', '1'), object('c', '30')], '40')])
    assert.deepEqual(events.map(lineOf), ['added c', 'deleted b', 'synced'])
  }
})

test('versions that are forgotten again and again are not listed in a loop without pause', () => {
  const watcher = following({ relistSpreadMs: 1, backOffMs: 200 })
  const waits: number[] = []
  for (let round = 0; round < 4; round += 1) {
    const { next } = feed(watcher, [{ type: 'openFailed', error: expired }])
    waits.push(next.type === 'wait' ? next.waitMs : 0)
    feed(watcher, [{ type: 'waited' }, page([], '50')])
  }
  assert.deepEqual(waits, [0.5, 300.5, 600.5, 1200.5])
})

test('a server that was put back to an older state, and does not know our version, is listed again', () => {
  const status = { details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } }
  const error = new KubernetesError('SERVER_TIMEOUT', 'Too large resource version', { httpStatus: 504, status })
  const watcher = following()
  feed(watcher, [{ type: 'openFailed', error }])
  assert.equal(feed(watcher, [{ type: 'waited' }]).next.type, 'list')
})

test('an object that was deleted and made again while nobody looked is told as both', () => {
  const watcher = following()
  feed(watcher, [{ type: 'openFailed', error: expired }, { type: 'waited' }])
  const { events } = feed(watcher, [page([object('a', '15', 'another uid'), object('b', '2')], '40')])
  assert.deepEqual(events.map(lineOf), ['deleted a', 'added a', 'synced'])
})

test('a list whose next page has expired begins anew, and tells nothing twice', () => {
  const watcher = watcherOf()
  feed(watcher, [{ type: 'started' }, page([object('a', '1')], '10', 'more')])
  const { events } = feed(watcher, [{ type: 'listFailed', error: expired }])
  assert.deepEqual(events.map(lineOf), ['failing EXPIRED'])
  assert.deepEqual(feed(watcher, [{ type: 'waited' }]).next, { type: 'list', continue: undefined })
  const again = feed(watcher, [page([object('a', '1'), object('b', '2')], '12')])
  assert.deepEqual(again.events.map(lineOf), ['added b', 'synced'])
})

test('a page that failed for another reason is asked for again, not the whole list', () => {
  const watcher = watcherOf()
  feed(watcher, [{ type: 'started' }, page([object('a', '1')], '10', 'more')])
  feed(watcher, [{ type: 'listFailed', error: refused }])
  assert.deepEqual(feed(watcher, [{ type: 'waited' }]).next, { type: 'list', continue: 'more' })
})

test('a refusal is told with the time of the next try, which the server may set', () => {
  const watcher = following({ backOffMs: 200 })
  feed(watcher, [lost])
  const busy = new KubernetesError('TOO_MANY_REQUESTS', 'busy', { httpStatus: 429, retryAfterMs: 7000 })
  const output = feed(watcher, [{ type: 'waited' }, { type: 'openFailed', error: busy }])
  assert.deepEqual(output.events, [{ type: 'failing', error: busy, attempt: 2, retryMs: 7000 }])
  assert.deepEqual(output.next, { type: 'wait', waitMs: 7000 })
  const { events } = feed(watcher, [{ type: 'waited' }, { type: 'opened' }])
  assert.deepEqual(events.map(lineOf), ['recovered'])
})

test('an event that cannot be read is left behind by listing again', () => {
  const watcher = following()
  const error = new KubernetesError('RESPONSE_TOO_LARGE', 'too large')
  const { events } = feed(watcher, [{ type: 'ended', end: { kind: 'failed', error } }])
  assert.deepEqual(events.map(lineOf), ['failing RESPONSE_TOO_LARGE'])
  assert.equal(feed(watcher, [{ type: 'waited' }]).next.type, 'list')
})

test('an event of a type that is not known yet changes nothing but the version', () => {
  const watcher = following()
  assert.deepEqual(feed(watcher, [received('SOMETHING', object('z', '77'))]).events, [])
  assert.equal(watcher.objects.size, 2)
})

test('an ERROR of any form is a failure, and ends nothing', () => {
  for (const odd of [null, 'x', [], { message: 5 }, { details: { causes: [null] } }, { reason: 'toString' }]) {
    const watcher = following()
    const { events, next } = feed(watcher, [received('ERROR', odd as KubernetesObject)])
    assert.deepEqual(events.map(lineOf), ['failing UNEXPECTED_STATUS'])
    assert.equal(next.type, 'wait')
  }
})
