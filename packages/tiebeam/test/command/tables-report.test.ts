import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NodeReport } from '../../src/command/cluster-report.ts'
import { paintOf } from '../../src/command/output.ts'
import { renderTables } from '../../src/command/tables-report.ts'

const plain = paintOf(false)

function reportOf(name: string, tables: object | undefined): NodeReport {
  const parts = tables === undefined ? {} : { tables }
  return { name, problem: undefined, status: { parts } } as unknown as NodeReport
}

test('a report shows the tables of the nodes that have some, and what is wrong with them', () => {
  const primary = {
    ...{ role: 'primary', cutOff: false, view: { epoch: 7, members: [{}, {}] }, waitingFor: undefined },
    ...{ rows: { sessions: 40, orders: 2 }, bytes: 20_480, lagEntries: 1, logEntries: 3, conflicts: 5 },
  }
  const reports = [
    reportOf('none@10.0.0.1', undefined),
    { name: 'ex@10.0.0.2', status: undefined, problem: 'noStatus' } as const,
    reportOf('a@10.0.0.3', primary),
    reportOf('b@10.0.0.4', { ...primary, role: 'member', cutOff: true, problem: 'no answer of the authority' }),
    reportOf('c@10.0.0.5', { ...primary, role: 'joining', view: undefined, waitingFor: 'an answer of a@b' }),
  ]
  assert.equal(
    renderTables(reports, plain),
    `
NODE        TABLES           VIEW           ROWS  MEMORY  LOG  LAG  CONFLICTS
a@10.0.0.3  primary          7 (2 members)  42    20 KiB  3    1    5
b@10.0.0.4  member, cut off  7 (2 members)  42    20 KiB  3    1    5
c@10.0.0.5  joining          -              42    20 KiB  3    1    5
! tables of b@10.0.0.4: no answer of the authority
! tables of c@10.0.0.5: waits for an answer of a@b
`,
  )
})

test('where no node has tables nothing is said of them', () => {
  assert.equal(renderTables([reportOf('a@10.0.0.1', undefined)], plain), '')
})
