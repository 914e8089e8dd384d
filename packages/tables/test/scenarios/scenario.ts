import { test } from 'node:test'
import { cases, type Random } from '@tiebeam/testing'
import type { AuthorityName } from './authority/protocol.ts'
import { type Fault, faults } from './faults.ts'
import { Site } from './site.ts'

const MEMBERS = 3
const FAULTS = 24

/** Members in processes and on hosts of their own, under load, with a real authority. What is asserted is safety; times are printed. */
export function testFaults(authority: AuthorityName): void {
  const claim = 'through kills, stops, cuts and replacements no acknowledged write is lost, and all is in one order'
  test(`with the authority ${authority}, ${claim}`, async (t) => {
    const site = await Site.create(t, authority, MEMBERS)
    if (site === undefined) return
    site.startMissing()
    await site.whole()
    for (const fault of choose(authority, site.random)) await site.measure(fault.name, () => fault.run(site))
    await site.judge()
  })
}

/** In full all of them, some twice; in short runs one of each kind. */
function choose(authority: AuthorityName, random: Random): Fault[] {
  const wanted = new RegExp(process.env.TIEBEAM_TABLES_FAULTS ?? '')
  const possible = random
    .shuffle(faults)
    .filter(({ name, authorities }) => wanted.test(name) && (authorities?.includes(authority) ?? true))
  const firstOfKind = new Map(possible.toReversed().map((fault) => [fault.kind, fault]))
  const isFirst = (fault: Fault): boolean => firstOfKind.get(fault.kind) === fault
  const order = [...possible.filter(isFirst), ...possible.filter((fault) => !isFirst(fault))]
  return Array.from({ length: cases(FAULTS) }, (_, index) => order[index % order.length]).filter(
    (fault) => fault !== undefined,
  )
}
