import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineResource, hasCode, KubernetesError, namespaces, pods } from '../../src/index.ts'
import { clientSettings } from '../../src/request/client-init.ts'
import { failureOf } from '../../src/request/failure.ts'
import { queryString, resourcePath } from '../../src/request/path.ts'
import { retryDelayMs } from '../../src/request/retry.ts'

const request = 'GET /api/v1/pods'

test('the reason of a Status is the code of the error, and its message is passed on', () => {
  const text = JSON.stringify({
    kind: 'Status',
    reason: 'AlreadyExists',
    message: 'pods "web" already exists',
    code: 409,
  })
  const error = failureOf({ request, httpStatus: 409, text })
  assert.equal(error.code, 'ALREADY_EXISTS')
  assert.equal(error.message, 'GET /api/v1/pods: pods "web" already exists (409).')
  assert.equal(error.status?.reason, 'AlreadyExists')
})

test('an answer that is no Status is known by its HTTP status, and quoted in brief', () => {
  const cases = [
    [404, 'NOT_FOUND'],
    [410, 'EXPIRED'],
    [429, 'TOO_MANY_REQUESTS'],
    [502, 'SERVICE_UNAVAILABLE'],
    [504, 'SERVER_TIMEOUT'],
    [302, 'UNEXPECTED_STATUS'],
  ] as const
  for (const [httpStatus, code] of cases) {
    assert.equal(failureOf({ request, httpStatus, text: '' }).code, code)
  }
  const { message } = failureOf({ request, httpStatus: 502, text: `<html>\n${'x'.repeat(500)}</html>` })
  assert.match(message, /^GET \/api\/v1\/pods: <html> x{150,200}… \(502\)\.$/)
})

test('a Status whose fields are not what they should be is read as far as it can be', () => {
  for (const odd of [
    { message: 7, reason: 'constructor', code: 'x', details: 'none' },
    { message: null, details: { causes: 'many' } },
    { details: { causes: [null, 'x', { reason: 'FieldValueInvalid' }] } },
  ]) {
    const error = failureOf({ request, httpStatus: 500, text: JSON.stringify({ kind: 'Status', ...odd }) })
    assert.equal(error.code, 'INTERNAL_ERROR')
    assert.match(error.message, /\(500\)/)
  }
})

test('Retry-After is taken from the header, or else from the details', () => {
  const text = JSON.stringify({ kind: 'Status', reason: 'TooManyRequests', details: { retryAfterSeconds: 3 } })
  assert.equal(failureOf({ request, httpStatus: 429, retryAfter: '7', text }).retryAfterMs, 7000)
  assert.equal(failureOf({ request, httpStatus: 429, text }).retryAfterMs, 3000)
  const date = 'Wed, 21 Oct 2026 07:28:00 GMT'
  assert.equal(failureOf({ request, httpStatus: 503, retryAfter: date, text: '' }).retryAfterMs, undefined)
})

test('a read is repeated after what may pass, a write only when the server says that it has done nothing', () => {
  const settings = { attemptsMax: 3, backOffMs: 100, backOffMsMax: 1000 }
  const delay = (method: string, error: KubernetesError, attempt = 1): number | undefined =>
    retryDelayMs(settings, { method, attempt, error, random: 1 })
  const lost = new KubernetesError('CONNECTION_FAILED', '')
  const busy = new KubernetesError('TOO_MANY_REQUESTS', '', { httpStatus: 429, retryAfterMs: 2000 })
  const missing = new KubernetesError('NOT_FOUND', '', { httpStatus: 404 })
  assert.deepEqual(
    [1, 2, 3].map((attempt) => delay('GET', lost, attempt)),
    [100, 200, undefined],
  )
  assert.deepEqual(
    ['GET', 'POST', 'DELETE'].map((method) => delay(method, busy)),
    [2000, 2000, 2000],
  )
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) assert.equal(delay(method, lost), undefined)
  assert.equal(delay('POST', new KubernetesError('TOO_MANY_REQUESTS', '', { httpStatus: 429 })), undefined)
  assert.equal(delay('GET', missing), undefined)
})

test('paths are those of the API, and a name cannot lead elsewhere', () => {
  assert.equal(resourcePath(pods, {}), '/api/v1/pods')
  const place = { namespace: 'shop', name: 'web', subresource: 'status' }
  assert.equal(resourcePath(pods, place), '/api/v1/namespaces/shop/pods/web/status')
  assert.equal(resourcePath(namespaces, { namespace: 'x', name: 'shop' }), '/api/v1/namespaces/shop')
  const shops = defineResource({ apiVersion: 'tiebeam.test/v1', kind: 'Shop', plural: 'shops' })
  assert.equal(resourcePath(shops, { namespace: 'a' }), '/apis/tiebeam.test/v1/namespaces/a/shops')
  assert.equal(resourcePath(pods, { name: 'system:node ä' }), '/api/v1/pods/system%3Anode%20%C3%A4')
  for (const name of ['', '.', '..', 'a/b', '%2e']) {
    assert.throws(
      () => resourcePath(pods, { name }),
      (error) => hasCode(error, 'OPTION_INVALID'),
    )
  }
  assert.equal(queryString({ a: 'x=y,z!=1', b: undefined, c: true, d: 5 }), '?a=x%3Dy%2Cz%21%3D1&c=true&d=5')
  assert.equal(queryString({}), '')
})

test('options that make no sense are refused with their name', () => {
  const refused = (init: object, pattern: RegExp): void =>
    assert.throws(
      () => clientSettings(init),
      (error) => hasCode(error, 'OPTION_INVALID') && pattern.test(error.message),
    )
  refused({ timeoutMs: 0 }, /timeoutMs is 0/)
  refused({ timeoutMs: 2 ** 31 }, /timeoutMs/)
  refused({ userAgent: 'a\nb' }, /userAgent/)
  refused({ timeout: 5 }, /no option timeout/)
  assert.equal(clientSettings({ attemptsMax: 2 }).attemptsMax, 2)
  assert.throws(() => defineResource({ apiVersion: 'v1', kind: 'pod', plural: 'pods' }), /kind is "pod"/)
})
