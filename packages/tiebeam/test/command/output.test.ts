import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failedLookups, missingPeers, type NodeReport, renderReports } from '../../src/command/cluster-report.ts'
import { exitCodeOf } from '../../src/command/exit-codes.ts'
import { fillTemplate, targetNameOf } from '../../src/command/new-app.ts'
import { paintOf, renderBytes, renderDuration, renderTable, wantsColours } from '../../src/command/output.ts'
import { renderTables } from '../../src/command/tables-report.ts'
import { TiebeamError } from '../../src/errors.ts'
import { loaderOf } from '../../src/typescript/loader-of.ts'

const plain = paintOf(false)

test('columns are as wide as their widest cell, colours not counted', () => {
  const paint = paintOf(true)
  assert.equal(
    renderTable(
      ['a', 'bc'],
      [
        ['long', 'x'],
        ['s', ''],
      ],
      plain,
    ),
    'A     BC\nlong  x\ns\n',
  )
  const coloured = renderTable(['a', 'b'], [[paint('red', 'x'), 'y']], plain)
  assert.equal(coloured, 'A  B\n\u001b[31mx\u001b[39m  y\n')
})

test('colours are for terminals, unless NO_COLOR is set or the terminal is dumb', () => {
  assert.equal(wantsColours({ isTTY: true }, {}), true)
  assert.equal(wantsColours({ isTTY: true }, { NO_COLOR: '' }), true)
  assert.equal(wantsColours({ isTTY: true }, { NO_COLOR: '1' }), false)
  assert.equal(wantsColours({ isTTY: true }, { TERM: 'dumb' }), false)
  assert.equal(wantsColours({}, {}), false)
})

test('durations and sizes are short', () => {
  assert.deepEqual([0, 999, 61_000, 3_600_000, 90_061_000].map(renderDuration), ['0s', '0s', '1m 1s', '1h 0m', '1d 1h'])
  assert.deepEqual([0, 1023, 1536, 20_000_000].map(renderBytes), ['0 B', '1023 B', '1.5 KiB', '19 MiB'])
})

const link = { since: new Date(0), bytesIn: 0, bytesOut: 0, messagesIn: 0, messagesOut: 0, queuedBytes: 2048 }
const report = {
  name: 'shop@10.0.0.1',
  problem: undefined,
  status: {
    state: 'ready',
    waitsFor: [],
    versions: { node: 'v22', tiebeam: '0.1.0', app: '1.2.3' },
    since: new Date(0),
    node: {
      links: [
        { ...link, name: 'shop@10.0.0.2', hidden: false },
        { ...link, name: 'tiebeam-1@10.0.0.1', hidden: true },
      ],
    },
    cluster: {
      complete: false,
      topologies: {
        kubernetes: {
          listed: ['shop@10.0.0.2', 'shop@10.0.0.3'],
          missing: [
            {
              name: 'shop@10.0.0.3',
              refused: true,
              failure: { code: 'COOKIE_MISMATCH', message: 'It has another cookie.' },
            },
          ],
          lastFailure: { code: 'LOOKUP_FAILED', message: 'No answer.' },
        },
      },
    },
    memory: { residentBytes: 1024, heapUsedBytes: 512 },
    eventLoopDelayMs: { mean: 1, p99: 2, max: 3 },
  },
} as unknown as NodeReport

test('a report shows who is missing and why, and nodes without a status', () => {
  const ex: NodeReport = { name: 'ex@10.0.0.4', status: undefined, problem: 'noStatus' }
  const gone: NodeReport = { name: 'gone@10.0.0.5', status: undefined, problem: 'unreachable' }
  assert.equal(
    renderReports([report, ex, gone], 60_000, plain),
    `NODE           STATE        VERSION  UP     CONNECTED  QUEUE    MEMORY   DELAY
shop@10.0.0.1  ready        1.2.3    1m 0s  1/2        2.0 KiB  1.0 KiB  2 ms
ex@10.0.0.4    no status    -        -      -          -        -        -
gone@10.0.0.5  unreachable  -        -      -          -        -        -
! shop@10.0.0.1 misses shop@10.0.0.3: refused: It has another cookie.
! shop@10.0.0.1 could not look up kubernetes: No answer.
`,
  )
  assert.equal(missingPeers([report]).length, 1)
  assert.equal(failedLookups([ex]).length, 0)
})

test('replicas of tables have a table of their own, with what they wait for', () => {
  const tables = {
    role: 'member',
    cutOff: false,
    view: { identity: 'i', epoch: 7, primary: 'a', members: [{}, {}, {}] },
    rows: { prices: 10, orders: 5 },
    logEntries: 9,
    lagEntries: 2,
    conflicts: 1,
    bytes: 2048,
    waitingFor: undefined,
    problem: undefined,
  }
  const joining = {
    ...tables,
    role: 'joining',
    view: undefined,
    waitingFor: 'the primary',
    problem: 'no answer',
  }
  const withTables = (name: string, part: object) =>
    ({ name, problem: undefined, status: { parts: { tables: part } } }) as unknown as NodeReport
  assert.equal(
    renderTables([withTables('a@1', tables), withTables('b@1', joining), report], plain),
    `
NODE  TABLES   VIEW           ROWS  MEMORY   LOG  LAG  CONFLICTS
a@1   member   7 (3 members)  15    2.0 KiB  9    2    1
b@1   joining  -              15    2.0 KiB  9    2    1
! tables of b@1: waits for the primary
! tables of b@1: no answer
`,
  )
  assert.equal(renderTables([report], plain), '')
})

test('exit codes tell wrong usage from what is not there, and both from failures', () => {
  assert.equal(exitCodeOf(new TiebeamError('OPTION_INVALID', '')), 2)
  assert.equal(exitCodeOf(new TiebeamError('APP_NOT_RUNNING', '')), 3)
  assert.equal(exitCodeOf(new Error('')), 1)
  assert.equal(exitCodeOf(undefined), 1)
})

test('templates are filled, and their names get their dots', () => {
  assert.equal(fillTemplate('{{name}} {{other}} {{ name }}', { name: 'shop' }), 'shop {{other}} {{ name }}')
  assert.deepEqual(['_gitignore', 'src/_x', 'src/a_b.ts'].map(targetNameOf), ['.gitignore', 'src/.x', 'src/a_b.ts'])
})

test('modules in TypeScript are known by their names', () => {
  assert.deepEqual(
    ['file:///a.ts', 'file:///a.mts?v=1', 'file:///a.tsx', 'file:///a.js', 'node:fs', 'file:///a.d.json'].map(loaderOf),
    ['ts', 'ts', 'tsx', undefined, undefined, undefined],
  )
})
