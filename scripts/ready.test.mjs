import assert from 'node:assert/strict'
import { test } from 'node:test'
import { installIsStale } from './ready.mjs'

const lock = {
  packages: {
    '': { version: '1.0.0' },
    'packages/etf': { version: '0.1.0' },
    'node_modules/@tiebeam/etf': { link: true },
    'node_modules/knip': { version: '6.0.0', integrity: 'sha512-a' },
    'node_modules/typescript-darwin': { version: '7.0.0', integrity: 'sha512-b', optional: true },
  },
}
const installed = {
  packages: {
    'node_modules/@tiebeam/etf': { link: true },
    'node_modules/knip': { version: '6.0.0', integrity: 'sha512-a' },
  },
}

test('a checkout without node_modules is to be installed', () => {
  assert.equal(installIsStale(lock, undefined), true)
})

test('what npm installed from this lock file is kept, though binaries of other platforms are not there', () => {
  assert.equal(installIsStale(lock, installed), false)
})

test('a package that is missing, or is there in another version, is to be installed', () => {
  const added = { packages: { ...lock.packages, 'node_modules/dns-packet': { version: '5.6.1' } } }
  assert.equal(installIsStale(added, installed), true)
  const raised = { packages: { ...lock.packages, 'node_modules/knip': { version: '6.1.0', integrity: 'sha512-c' } } }
  assert.equal(installIsStale(raised, installed), true)
})

test('a new member of the workspace is to be linked', () => {
  const added = { packages: { ...lock.packages, 'node_modules/@tiebeam/otp': { link: true } } }
  assert.equal(installIsStale(added, installed), true)
})
