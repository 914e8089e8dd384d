/** The tables of options in docs/cluster.md are complete, and their defaults are those of the code. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { clusterOptions } from '../src/init.ts'
import { groupCallOptions } from '../src/routing/call-init.ts'

// From dist/test to the root of the repository.
const root = new URL('../../../../', import.meta.url)
const page = readFileSync(new URL('docs/cluster.md', root), 'utf8')
const source = (file: string): string => readFileSync(new URL(`packages/cluster/src/${file}`, root), 'utf8')

/** Option → default, of the table below a heading. */
function tableBelow(heading: string): Map<string, string> {
  const [, after = ''] = page.split(`${heading}\n`)
  return optionsIn(after.split(/\n#+ /)[0] ?? '')
}

function optionsIn(section: string): Map<string, string> {
  const rows = [...section.matchAll(/^\| `(\w+)` \| ([^|]+) \|/gm)]
  return new Map(rows.map(([, option = '', value = '']) => [option, value.replaceAll('`', '').trim()]))
}

function optionsOf(name: string, file: string): string[] {
  const [, body = ''] = new RegExp(`export interface ${name}[^{]*\\{\\n([\\s\\S]*?)\\n\\}`).exec(source(file)) ?? []
  return [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, option = '']) => option)
}

test('every option of a cluster is in the table with its default, and no other', () => {
  const table = tableBelow('## Options')
  const options = [...optionsOf('ClusterInit', 'init.ts'), ...optionsOf('FormationSettings', 'formation/settings.ts')]
  assert.deepEqual([...table.keys()].sort(), options.sort())
  const { settings, namesMax, lookupMs, hookMs } = clusterOptions({ topologies: {} })
  for (const [option, value] of Object.entries({ ...settings, namesMax, lookupMs, hookMs })) {
    assert.equal(table.get(option), String(value), option)
  }
})

test('every option of a call to a group is in the table with its default, and no other', () => {
  const [, after = ''] = readFileSync(new URL('docs/routing.md', root), 'utf8').split('## Calls to a group\n')
  const table = optionsIn(after.split(/\n#+ /)[0] ?? '')
  assert.deepEqual([...table.keys()].sort(), optionsOf('GroupCallInit', 'routing/call-init.ts').sort())
  const { timeoutMs, idempotent, attemptsMax } = groupCallOptions({})
  for (const [option, value] of Object.entries({ timeoutMs, idempotent, attemptsMax })) {
    assert.equal(table.get(option), String(value), option)
  }
})

test('every option of a strategy is in its table, and no other', () => {
  const files = {
    DnsPoll: 'shell/dns-poll.ts',
    Epmd: 'epmd.ts',
    ErlangHosts: 'shell/erlang-hosts.ts',
    Gossip: 'shell/gossip.ts',
    Kubernetes: 'shell/kubernetes.ts',
    KubernetesDns: 'shell/kubernetes-dns.ts',
    KubernetesDnsSrv: 'shell/kubernetes-dns-srv.ts',
    LocalEpmd: 'shell/local-epmd.ts',
    Rancher: 'shell/rancher.ts',
  }
  for (const [strategy, file] of Object.entries(files)) {
    const options = optionsOf(`${strategy}Init`, `strategies/${file}`)
    assert.deepEqual([...tableBelow(`### ${strategy}`).keys()].sort(), options.sort())
  }
})
