/** Members in processes and on hosts of their own, under load. What is asserted is safety; times are printed. */
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { cases, waitFor } from '@tiebeam/testing'
import type { MemberProcess } from './member-process.ts'
import { Site } from './site.ts'

type Fault = (site: Site) => Promise<void>

const faults: Readonly<Record<string, Fault>> = {
  'SIGKILL of the primary': async (site) => {
    const { host } = await killed(site, await site.primary())
    site.start(host)
  },
  'SIGKILL of a backup': async (site) => {
    const [backup] = await site.backups()
    if (backup !== undefined) site.start((await killed(site, backup)).host)
  },
  'SIGSTOP of the primary': async (site) => {
    const primary = await site.primary()
    primary.child.signal('SIGSTOP')
    await site.progress(site.members.filter((member) => member !== primary))
    primary.child.signal('SIGCONT')
  },
  'the primary cut off': async (site) => {
    const primary = await site.primary()
    const others = site.members.filter((member) => member !== primary)
    await site.network.partition([primary.host.name], [...others.map(({ host }) => host.name), 'register'])
    await site.progress(others)
    await site.network.heal()
  },
  'a backup that hears and is not heard': async (site) => {
    const [backup] = await site.backups()
    if (backup === undefined) return
    const others = site.members.filter((member) => member !== backup)
    await site.network.cut(others.map(({ host }) => [backup.host.name, host.name] as const))
    await site.progress(others)
    await site.network.heal()
  },
  'all replaced, one after the other': async (site) => {
    for (const member of site.members) {
      await site.stop(member)
      site.start(member.host)
      await site.whole()
    }
  },
  'two of three killed': async (site) => {
    const members = site.random.chance(0.5) ? [await site.primary(), ...(await site.backups())] : await site.backups()
    for (const member of members.slice(0, 2)) await site.kill(member)
    await site.progress()
    for (const member of members.slice(0, 2)) site.start(member.host)
  },
  'a backup killed while the authority is down': async (site) => {
    const [backup] = await site.backups()
    if (backup === undefined) return
    await site.network.partition(
      site.hosts.map(({ name }) => name),
      ['register'],
    )
    await site.progress()
    // Nothing is committed without it until a view without it is installed.
    await site.kill(backup)
    await sleep(1000)
    await site.network.heal()
    await site.progress()
    site.start(backup.host)
  },
  'the record of the authority deleted, and restored': async (site) => {
    site.changeRecord('delete')
    const primary = await site.primary()
    await waitFor(async () => /went back/.test((await primary.status()).problem ?? ''))
    await site.progress()
    site.changeRecord('restore')
    const [backup] = await site.backups()
    if (backup !== undefined) site.start((await killed(site, backup)).host)
  },
  'all lost but one that has just joined': async (site) => {
    const [survivor, ...rest] = site.random.shuffle(site.members)
    for (const member of rest) await site.kill(member)
    await site.progress()
    const joiner = site.start((rest[0] as MemberProcess).host)
    await waitFor(() => joiner.isOpen)
    await site.kill(survivor as MemberProcess)
    await site.progress()
    for (const host of site.hosts) if (host !== joiner.host) site.start(host)
  },
}

async function killed(site: Site, member: MemberProcess): Promise<MemberProcess> {
  await site.kill(member)
  await site.progress()
  return member
}

test('through kills, stops, cuts and replacements no acknowledged write is lost, and all is in one order', async (t) => {
  const site = await Site.create(t, 3)
  if (site === undefined) return
  for (const host of site.hosts) site.start(host)
  await site.whole()
  // In full each of them twice; in short runs some, others each time.
  const wanted = new RegExp(process.env.TIEBEAM_TABLES_FAULTS ?? '')
  const names = Object.keys(faults).filter((name) => wanted.test(name))
  const order: string[] = []
  while (order.length < cases(20)) order.push(...site.random.shuffle(names))
  for (const name of order.slice(0, cases(20))) await site.measure(name, () => (faults[name] as Fault)(site))
  await site.judge()
})
