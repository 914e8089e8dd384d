import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkFile, isPure } from './layering.mjs'

const etf = { name: '@tiebeam/etf', dependencies: [] }
const distribution = { name: '@tiebeam/distribution', dependencies: ['@tiebeam/etf'] }
const cluster = { name: '@tiebeam/cluster', dependencies: ['@tiebeam/distribution', '@tiebeam/etf'] }

test('a package may import the ones below it', () => {
  assert.deepEqual(checkFile(distribution, 'control.ts', `import { atom } from '@tiebeam/etf'`), [])
  assert.deepEqual(checkFile(cluster, 'shell/dns.ts', `import { Node } from '@tiebeam/distribution'`), [])
})

test('a package may not import one above it, not even its types', () => {
  assert.deepEqual(checkFile(etf, 'encoder.ts', `\nimport type { Node } from '@tiebeam/distribution'`), [
    '2: imports @tiebeam/distribution; @tiebeam/etf may import no other package',
  ])
  assert.deepEqual(checkFile(distribution, 'node.ts', `import { Cluster } from '@tiebeam/cluster'`), [
    '1: imports @tiebeam/cluster; @tiebeam/distribution may import @tiebeam/etf',
  ])
})

test('sources may not import the test package, files outside src, or the inside of another package', () => {
  assert.deepEqual(
    checkFile(
      distribution,
      'shell/client.ts',
      [
        `import { cases } from '@tiebeam/testing'`,
        `import { a } from '../../test/a.ts'`,
        `import { b } from '@tiebeam/etf/dist/src/b.js'`,
      ].join('\n'),
    ),
    [
      '1: imports @tiebeam/testing, which is for tests only',
      '2: imports ../../test/a.ts, which is outside src; import the package by its name',
      '3: imports @tiebeam/etf/dist/src/b.js; only @tiebeam/etf itself can be imported',
    ],
  )
})

test('a library must be declared', () => {
  assert.deepEqual(checkFile(cluster, 'shell/dns.ts', `import packet from 'dns-packet'`), [
    '1: imports dns-packet, which is not among its dependencies',
  ])
  const declared = { ...cluster, dependencies: ['dns-packet'] }
  assert.deepEqual(checkFile(declared, 'shell/dns.ts', `import packet from 'dns-packet'`), [])
  assert.deepEqual(checkFile(declared, 'decision.ts', `import packet from 'dns-packet'`), [
    '1: a pure file imports dns-packet',
  ])
})

test('a pure file imports no sockets, files, timers or their types', () => {
  const source = [
    `import net from 'node:net'`,
    `import type { Socket } from 'node:tls'`,
    `import { scheduler } from 'node:timers/promises'`,
    `import { createHash, randomBytes } from 'node:crypto'`,
    `import fs from 'fs'`,
  ].join('\n')
  assert.deepEqual(checkFile(distribution, 'handshake/dialler.ts', source), [
    '1: a pure file imports default of node:net',
    '2: a pure file imports node:tls',
    '3: a pure file imports node:timers/promises',
    '4: a pure file imports randomBytes of node:crypto',
    '5: imports fs; write node:fs',
  ])
  assert.deepEqual(checkFile(distribution, 'epmd/shell/client.ts', `import net from 'node:net'`), [])
})

test('a pure file may use what depends on its arguments alone', () => {
  const source = [
    `import { createHash, timingSafeEqual } from 'node:crypto'`,
    `import { isIPv6 } from 'node:net'`,
    `import { inflateSync } from 'node:zlib'`,
    `const later = new Date(millis)`,
    `clock.setTimeout(1); mailbox.process.env; this.performance.now()`,
  ].join('\n')
  assert.deepEqual(checkFile(distribution, 'digest.ts', source), [])
})

test('a pure file takes nothing but types from an impure one', () => {
  const source = `import { dial } from './shell/dial.ts'\nimport type { Dial } from './shell/dial.ts'\nimport { a } from './a.ts'`
  assert.deepEqual(checkFile(distribution, 'output.ts', source), [
    '1: a pure file imports ./shell/dial.ts, which is not pure',
  ])
})

test('a pure file uses no timer, clock, randomness or environment', () => {
  for (const use of [
    'setTimeout(f, 1)',
    'setInterval(f, 1)',
    'setImmediate(f)',
    'const schedule = setTimeout',
    'Date.now()',
    'new Date()',
    'performance.now()',
    'Math.random()',
    'Math\n  .random()',
    'crypto.randomUUID()',
    'process.hrtime.bigint()',
    'process.env.HOME',
    'globalThis.setTimeout(f)',
    'fetch(url)',
    `\`\${Date.now()}\``,
  ]) {
    assert.equal(checkFile(etf, 'encoder.ts', use).length, 1, use)
    assert.deepEqual(checkFile(distribution, 'shell/clock.ts', use), [], use)
  }
})

test('what is impure in comments and strings is harmless', () => {
  assert.deepEqual(checkFile(etf, 'encoder.ts', `// Date.now()\n/** setTimeout */\nconst a = 'Math.random()'`), [])
})

test('a folder named shell is impure at any depth, a file whose name merely holds the word is not', () => {
  assert.equal(isPure('@tiebeam/distribution', 'epmd/shell/client.ts'), false)
  assert.equal(isPure('@tiebeam/distribution', 'epmd/nutshell/client.ts'), true)
  assert.equal(isPure('@tiebeam/distribution', 'node.ts'), false)
  assert.equal(isPure('@tiebeam/distribution', 'handshake/node.ts'), true)
})
