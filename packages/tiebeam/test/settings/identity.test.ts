import assert from 'node:assert/strict'
import { test } from 'node:test'
import { basenameOf, identityOf, type Surroundings } from '../../src/settings/identity.ts'
import { resolveSettings } from '../../src/settings/resolve.ts'

const inPod: Surroundings = { packageName: 'shop', addresses: ['10.0.0.7'], hostname: 'shop-1', hasTopologies: false }

function identity(environment: Record<string, string>, surroundings: Partial<Surroundings> = {}) {
  const { settings } = resolveSettings({ program: {}, environment, variables: {}, file: undefined })
  return identityOf(settings, { ...inPod, ...surroundings })
}

test('without a service, topologies and a name there is a node on loopback, whatever address the host has', () => {
  assert.deepEqual(identity({ POD_IP: '10.0.0.7', RELEASE_NAME: 'api' }), {
    nodeName: 'api@127.0.0.1',
    host: '127.0.0.1',
    appName: 'api',
    shortNames: false,
    isLocal: true,
  })
})

test('a service makes the node one of the address of its pod', () => {
  const pod = { TIEBEAM_SERVICE_NAME: 'shop', RELEASE_NODE_IP: '10.0.0.9', RELEASE_NAME: 'api' }
  assert.equal(identity(pod).nodeName, 'api@10.0.0.9')
  assert.equal(identity(pod).isLocal, false)
  assert.equal(identity({ TIEBEAM_SERVICE_NAME: 'shop' }).nodeName, 'shop@10.0.0.7')
})

test('a host of which nobody can tell the address is asked for it', () => {
  const addresses = ['10.0.0.7', '192.168.1.2']
  assert.throws(() => identity({ TIEBEAM_SERVICE_NAME: 'shop' }, { addresses }), {
    code: 'SETTING_INVALID',
    message: /has several: 10\.0\.0\.7, 192\.168\.1\.2; set POD_IP/,
  })
  assert.throws(() => identity({ TIEBEAM_SERVICE_NAME: 'shop' }, { addresses: [] }), /has none but loopback/)
})

test('a name that is given counts, whole or in part', () => {
  assert.equal(identity({ RELEASE_NODE: 'foo@10.1.2.3' }).nodeName, 'foo@10.1.2.3')
  assert.equal(identity({ RELEASE_NODE: 'foo' }).nodeName, 'foo@127.0.0.1')
  assert.equal(identity({ RELEASE_NODE: 'foo', POD_IP: '10.0.0.9' }, { hasTopologies: true }).nodeName, 'foo@10.0.0.9')
})

test('the other nodes have the basename of the app, else that of the release', () => {
  const names = { TIEBEAM_SERVICE_NAME: 'shop', TIEBEAM_APP_NAME: 'web', RELEASE_NAME: 'api' }
  assert.deepEqual([identity(names).appName, identity(names).nodeName], ['web', 'api@10.0.0.7'])
  assert.equal(identity({ TIEBEAM_SERVICE_NAME: 'shop', RELEASE_NAME: 'api' }).appName, 'api')
})

test('short names have hosts without a dot', () => {
  assert.equal(identity({ RELEASE_DISTRIBUTION: 'sname' }).nodeName, 'shop@shop-1')
  assert.throws(() => identity({ RELEASE_DISTRIBUTION: 'sname', RELEASE_NODE: 'a@10.0.0.1' }), /has a dot/)
})

test('a node without distribution stays on loopback', () => {
  const none = { RELEASE_DISTRIBUTION: 'none', TIEBEAM_SERVICE_NAME: 'shop', POD_IP: '10.0.0.9' }
  assert.equal(identity(none).nodeName, 'shop@127.0.0.1')
})

test('a basename is made of the name of a package', () => {
  assert.deepEqual(['@acme/shop-api', 'shop.api', undefined, ''].map(basenameOf), [
    'shop-api',
    'shop_api',
    'app',
    'app',
  ])
})
