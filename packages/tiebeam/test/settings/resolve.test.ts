import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TiebeamError } from '../../src/errors.ts'
import { resolveSettings, type SettingSources } from '../../src/settings/resolve.ts'
import { settingDefinitions } from '../../src/settings/settings.ts'

function resolve(sources: Partial<SettingSources>) {
  return resolveSettings({ program: {}, environment: {}, variables: {}, file: undefined, ...sources })
}

function refusal(sources: Partial<SettingSources>): string {
  try {
    resolve(sources)
  } catch (error) {
    assert.ok(error instanceof TiebeamError && error.code === 'SETTING_INVALID')
    return error.message
  }
  assert.fail('it was accepted')
}

test('without anything the settings are their defaults', () => {
  const { settings, given } = resolve({})
  for (const [name, definition] of Object.entries(settingDefinitions)) {
    assert.equal((settings as Record<string, unknown>)[name], definition.default, name)
  }
  assert.equal(given.size, 0)
})

test('the program goes before the environment, that before the file, that before the default', () => {
  const file = { path: '/app/tiebeam.config.json', content: { drainMs: 1, stopMs: 2, httpPort: 3, minimumNodes: 4 } }
  const environment = { TIEBEAM_DRAIN_MS: '10', TIEBEAM_STOP_MS: '20', TIEBEAM_HTTP_PORT: 'off' }
  const { settings } = resolve({ program: { drainMs: 100 }, environment, file })
  const { drainMs, stopMs, httpPort, minimumNodes, epmdPort } = settings
  assert.deepEqual(
    { drainMs, stopMs, httpPort, minimumNodes, epmdPort },
    {
      drainMs: 100,
      stopMs: 20,
      httpPort: 'off',
      minimumNodes: 4,
      epmdPort: 4369,
    },
  )
})

test('the first variable that is set counts, and an empty one is not set', () => {
  assert.equal(resolve({ environment: { DATAPIO_SERVICE_NAME: 'old' } }).settings.serviceName, 'old')
  const both = { TIEBEAM_SERVICE_NAME: '', DATAPIO_SERVICE_NAME: 'old' }
  assert.equal(resolve({ environment: both }).settings.serviceName, 'old')
  const all = { RELEASE_NODE_IP: '10.0.0.2', RELEASE_IP: '10.0.0.3' }
  assert.equal(resolve({ environment: all }).settings.podIp, '10.0.0.2')
})

test('a program can read other variables, or none', () => {
  const environment = { MY_SERVICE: 'mine', TIEBEAM_SERVICE_NAME: 'theirs' }
  assert.equal(resolve({ environment, variables: { serviceName: ['MY_SERVICE'] } }).settings.serviceName, 'mine')
  assert.equal(resolve({ environment, variables: { serviceName: [] } }).settings.serviceName, undefined)
})

test('a wrong value is told with the variable, the value, and what is allowed', () => {
  assert.equal(
    refusal({ environment: { TIEBEAM_DRAIN_MS: 'soon' } }),
    'A setting is wrong: TIEBEAM_DRAIN_MS is "soon"; it has to be a whole number of milliseconds from 0 to 2147483647.',
  )
  assert.match(
    refusal({ environment: { RELEASE_NODE_IP: '10.0.0.300' } }),
    /^A setting is wrong: RELEASE_NODE_IP is "10\.0\.0\.300"/,
  )
  assert.match(refusal({ program: { logLevel: 'loud' } }), /the option logLevel is "loud"; it has to be one of trace, /)
})

test('what is wrong is told together', () => {
  const file = { path: 'app.json', content: { prot: 1, httpPort: -1 } }
  const message = refusal({ environment: { RELEASE_DISTRIBUTION: 'long', RELEASE_NODE: 'a b' }, file })
  assert.match(message, /^4 settings are wrong:\n/)
  for (const part of [
    /prot in app\.json is not known/,
    /httpPort in app\.json is -1/,
    /RELEASE_DISTRIBUTION/,
    /RELEASE_NODE is "a b"/,
  ])
    assert.match(message, part)
})

test('a wrong cookie is not shown', () => {
  const message = refusal({ environment: { RELEASE_COOKIE: 'a secret with a snowman ☃' } })
  assert.equal(message, 'A setting is wrong: RELEASE_COOKIE is not valid; it has to be 1 to 255 Latin-1 characters.')
})

test('a certificate without its key is refused', () => {
  assert.match(refusal({ environment: { TIEBEAM_TLS_CERT_FILE: 'cert.pem' } }), /given together/)
})

test('a file that holds no object is refused', () => {
  assert.match(refusal({ file: { path: 'app.json', content: [] } }), /app\.json holds no object/)
})

test('what no setting can be is refused as it is, whatever its type', () => {
  for (const value of [null, {}, [], -1, Number.NaN, 1n, Symbol('odd'), () => 1]) {
    const message = refusal({ program: { nodeName: value, logLevel: value, port: value, cookie: value } })
    assert.match(message, /^4 settings are wrong:/)
  }
})
