/**
 * Three OTP and three Tiebeam nodes in network namespaces go through seeded faults. A few of them by default; in full, with a control run
 * of six OTP nodes through the same partial cuts: `TIEBEAM_FAULTS=200 TIEBEAM_FAULT_CLUSTERS=4 npm test -- faults`.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random, random, requirePeer, type Scope } from '@tiebeam/testing'
import { ALL_OTP, FaultCluster, type FaultRecord, MIXED } from './fault-cluster.ts'
import { figuresOf, lossesIn } from './figures.ts'
import type { MemberKind } from './member.ts'
import { type Fault, planFaults } from './plan.ts'

const faults = Number(process.env.TIEBEAM_FAULTS || '4')
/** Clusters that go through faults at the same time, each through its share. */
const clusters = Number(process.env.TIEBEAM_FAULT_CLUSTERS || '1')
/** With fewer partial cuts, chance decides whose nodes lose more. */
const FAULTS_WITH_CONTROL = 100
/** A long run is worth watching, and short tick times make it shorter; other tests run beside a short one, and want patience. */
const isLong = faults >= 20
const NET_TICK_TIME_SECONDS = isLong ? 4 : 8

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

async function runPlans(
  t: Scope,
  kinds: readonly MemberKind[],
  plans: readonly (readonly Fault[])[],
): Promise<FaultRecord[]> {
  const startMs = performance.now()
  const records = await Promise.all(
    plans.map(async (plan, index) => {
      const cluster = await FaultCluster.create(t, kinds, NET_TICK_TIME_SECONDS)
      const own: FaultRecord[] = []
      for (const fault of plan) {
        const record = await cluster.run(fault)
        own.push(record)
        if (!isLong) continue
        const seconds = Math.round((performance.now() - startMs) / 1000)
        print(
          `${seconds} s, cluster ${index + 1}, fault ${own.length} of ${plan.length}: ${JSON.stringify(fault)}, ` +
            `${record.losses.length} losses, mesh ${Math.round(record.meshMs)} ms, sync ${Math.round(Math.max(...record.syncMs))} ms`,
        )
      }
      return own
    }),
  )
  return records.flat()
}

test('a cluster of OTP and Tiebeam nodes comes through faults as one of OTP nodes does', async (t) => {
  if (!requirePeer(t, 'root', 'ip', 'nft', 'nsenter', 'unshare', 'erl', 'epmd')) return
  const { seed } = random()
  const plans = Array.from({ length: clusters }, (_, index) => {
    const share = Math.ceil((faults - index) / clusters)
    return planFaults(new Random(seed, index + 1), share)
  })
  const records = await runPlans(t, MIXED, plans)
  const control =
    faults < FAULTS_WITH_CONTROL
      ? []
      : await runPlans(
          t,
          ALL_OTP,
          plans.map((plan) => plan.filter(({ kind }) => kind === 'partial')),
        )
  for (const line of figuresOf(records, control)) print(line)
  const partial = records.filter(({ fault }) => fault.kind === 'partial')
  const others = records.filter(({ fault }) => fault.kind !== 'partial')
  assert.deepEqual(
    others.filter(({ losses }) => losses.length > 0),
    [],
    'no loss between two OTP nodes that the fault did not part',
  )
  if (control.length > 0) assert.ok(lossesIn(partial) <= lossesIn(control), 'no more losses than among OTP nodes alone')
})
