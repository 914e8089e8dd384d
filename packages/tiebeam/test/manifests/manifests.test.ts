import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { TiebeamError } from '../../src/errors.ts'
import type { ManifestsInit } from '../../src/manifests/init.ts'
import type { AnyManifest } from '../../src/manifests/kinds.ts'
import { manifests, toJson, toYaml } from '../../src/manifests/manifests.ts'

const plain: ManifestsInit = { name: 'shop', image: 'registry.example.com/shop:1.2.0', cookie: 'a-test-cookie' }
const everything: ManifestsInit = {
  ...plain,
  namespace: 'trade',
  replicas: 5,
  strategy: 'kubernetes',
  tables: 'kubernetes',
  port: 8080,
  healthPort: 9000,
  metricsFrom: 'team=monitoring',
  drainMs: 25_500,
}

/** The folder of the sources, also when the compiled test runs. */
const golden = new URL('../../../test/manifests/golden/', import.meta.url)

function kinds(objects: readonly AnyManifest[]): string[] {
  return objects.map(({ kind }) => kind)
}

describe('manifests', () => {
  for (const [file, init] of Object.entries({ 'plain.yaml': plain, 'everything.yaml': everything })) {
    test(`are those of ${file}`, async () => {
      const path = fileURLToPath(new URL(file, golden))
      const text = toYaml(manifests(init))
      if (process.env.TIEBEAM_WRITE_GOLDEN === '1') await writeFile(path, text)
      assert.equal(text, await readFile(path, 'utf8'))
    })
  }

  test('hold no role and no token where the API server is never asked', () => {
    const objects = manifests(plain)
    assert.deepEqual(kinds(objects), [
      'ServiceAccount',
      'Secret',
      'Service',
      'NetworkPolicy',
      'PodDisruptionBudget',
      'Deployment',
    ])
    assert.doesNotMatch(toYaml(objects), /automountServiceAccountToken: true/)
  })

  test('hold the chosen kinds, in the order to create them in', () => {
    assert.deepEqual(kinds(manifests({ ...plain, only: ['Deployment', 'Service'] })), ['Service', 'Deployment'])
  })

  test('never hold a cookie that nobody chose', () => {
    const { cookie: _, ...without } = plain
    assert.throws(() => manifests(without), { code: 'OPTION_INVALID' })
    assert.equal(manifests({ ...without, only: ['Deployment'] }).length, 1)
  })

  test('leave a pod time for preStop, draining and the end', () => {
    const text = toYaml(manifests({ ...plain, drainMs: 90_001 }))
    assert.match(text, /terminationGracePeriodSeconds: 111\n/)
  })

  test('as JSON are one list', () => {
    const list = JSON.parse(toJson(manifests(plain))) as { kind: string; items: AnyManifest[] }
    assert.equal(list.kind, 'List')
    assert.deepEqual(list.items, manifests(plain))
  })

  const wrong: readonly [Partial<ManifestsInit>, RegExp][] = [
    [{ name: 'Shop' }, /^--name is "Shop"; it must be lower-case/],
    [{ name: 'a'.repeat(47) }, /at most 46 characters/],
    [{ image: '' }, /^--image is ""/],
    [{ image: 'shop 1' }, /^--image/],
    [{ replicas: 0 }, /^--replicas is 0; it must be a whole number/],
    [{ replicas: Number.NaN }, /^--replicas/],
    [{ namespace: 'a_b' }, /^--namespace/],
    [{ strategy: 'gossip' as 'dns' }, /^--strategy is "gossip"; it must be 'dns' or 'kubernetes'/],
    [{ tables: 'etcd' as 'none' }, /^--tables/],
    [{ port: 80 }, /^--port is 80/],
    [{ port: 4369 }, /^--port is 4369/],
    [{ port: 9464 }, /not the health port/],
    [{ healthPort: 1.5 }, /^--health-port/],
    [{ metricsFrom: 'monitoring' }, /^--metrics-from/],
    [{ drainMs: -1 }, /^--drain-ms/],
    [{ only: ['Pod'] }, /^--only is "Pod"; it must be one of ServiceAccount, Role/],
  ]
  for (const [init, message] of wrong) {
    test(`are refused for ${JSON.stringify(init).slice(0, 40)}`, () => {
      assert.throws(
        () => manifests({ ...plain, ...init }),
        (error) => error instanceof TiebeamError && error.code === 'OPTION_INVALID' && message.test(error.message),
      )
    })
  }

  test('refuse a cookie that no node would take, and do not print it', () => {
    assert.throws(
      () => manifests({ ...plain, cookie: 'two words' }),
      (error) => error instanceof TiebeamError && !error.message.includes('two words'),
    )
  })
})
