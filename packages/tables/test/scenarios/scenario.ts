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

/** In full each of them twice or more; in short runs one of each kind. */
function choose(authority: AuthorityName, random: Random): Fault[] {
  const wanted = new RegExp(process.env.TIEBEAM_TABLES_FAULTS ?? '')
  const possible = faults.filter(
    ({ name, authorities }) => wanted.test(name) && (authorities?.includes(authority) ?? true),
  )
  const kinds = new Map<string, Fault[]>()
  for (const fault of random.shuffle(possible)) kinds.set(fault.kind, [...(kinds.get(fault.kind) ?? []), fault])
  const count = cases(FAULTS)
  const chosen: Fault[] = []
  for (let round = 0; kinds.size > 0 && chosen.length < count; round += 1) {
    chosen.push(...random.shuffle([...kinds.values()]).map((each) => each[round % each.length] as Fault))
  }
  return chosen.slice(0, count)
}
