import assert from 'node:assert/strict'
import { type Host, waitFor } from '@tiebeam/testing'
import type { AuthorityName } from './authority/protocol.ts'
import type { MemberProcess } from './member-process.ts'
import { Site } from './site.ts'

/** What can go wrong; each authority meets each kind, also in a short run. */
type FaultKind = 'crash' | 'pause' | 'cut' | 'replacement' | 'no views' | 'loss'

export interface Fault {
  readonly name: string
  readonly kind: FaultKind
  /** Default: all. */
  readonly authorities?: readonly AuthorityName[]
  /** Returns the member whose own stall is that of the fault, if there is one. */
  run(site: Site): Promise<MemberProcess | undefined>
}

const outside: readonly AuthorityName[] = ['etcd', 'kubernetes']

export const faults: readonly Fault[] = [
  {
    name: 'SIGKILL of the primary',
    kind: 'crash',
    run: async (site) => killed(site, await site.primary()),
  },
  {
    name: 'SIGKILL of a backup',
    kind: 'crash',
    run: async (site) => killed(site, await site.backup()),
  },
  {
    name: 'two of three killed',
    kind: 'crash',
    authorities: outside,
    run: async (site) => {
      for (const member of await twoOf(site)) await site.kill(member)
      await site.progress()
    },
  },
  {
    name: 'all lost but one that has just joined',
    kind: 'crash',
    run: async (site) => {
      const [survivor, ...rest] = site.random.shuffle(site.members) as [MemberProcess, ...MemberProcess[]]
      const isOutside = outside.includes(site.authorityName)
      // Where the members decide, one of two decides alone when the other's next life is the proof of its end.
      for (const member of rest) await (isOutside ? site.kill(member) : site.stop(member))
      await site.progress()
      const joiner = site.start((rest[0] as MemberProcess).host)
      await waitFor(() => joiner.isOpen)
      await site.kill(survivor)
      if (!isOutside) site.start(survivor.host)
      await site.progress([joiner])
    },
  },
  {
    name: 'SIGSTOP of the primary',
    kind: 'pause',
    run: async (site) => {
      const primary = await site.primary()
      primary.child.signal('SIGSTOP')
      await site.progress(site.others(primary))
      // Asked before it can hear that it leads no longer.
      primary.readUnwatched()
      primary.child.signal('SIGCONT')
      return primary
    },
  },
  {
    name: 'the primary cut off',
    kind: 'cut',
    run: async (site) => {
      return cutOff(site, await site.primary(), (here, there) => [
        [here, there],
        [there, here],
      ])
    },
  },
  {
    name: 'a primary that hears and is not heard',
    kind: 'cut',
    run: async (site) => cutOff(site, await site.primary(), (here, there) => [[here, there]]),
  },
  {
    name: 'a primary that is heard and does not hear',
    kind: 'cut',
    run: async (site) => cutOff(site, await site.primary(), (here, there) => [[there, here]]),
  },
  {
    name: 'a backup that hears and is not heard',
    kind: 'cut',
    run: async (site) => {
      const backup = await site.backup()
      const others = site.others(backup)
      await site.network.cut(others.map(({ host }) => [backup.host.name, host.name] as const))
      await site.progress(others)
      await site.network.heal()
    },
  },
  {
    name: 'each cut off from the others',
    kind: 'cut',
    run: async (site) => {
      await site.network.partition(...site.hosts.map(({ name }) => [name]))
      await waitFor(async () => {
        const statuses = await Promise.all(site.members.map((member) => member.status()))
        // One of them may go on, where there is somebody else to say so.
        return statuses.filter(({ cutOff, role }) => cutOff || role === 'joining').length >= site.members.length - 1
      })
      await site.network.heal()
    },
  },
  {
    name: 'all replaced, one after the other',
    kind: 'replacement',
    run: async (site) => {
      for (const member of site.members) {
        await site.stop(member)
        site.start(member.host)
        await site.whole()
      }
    },
  },
  {
    name: 'a backup killed while the authority cannot be reached',
    kind: 'no views',
    authorities: outside,
    run: (site) =>
      killedMeanwhile(site, {
        down: () =>
          site.network.partition(
            site.hosts.map(({ name }) => name),
            ['authority'],
          ),
        up: () => site.network.heal(),
      }),
  },
  {
    name: 'a backup killed while the authority is stopped',
    kind: 'no views',
    authorities: outside,
    run: (site) =>
      killedMeanwhile(site, { down: () => site.authority.order('pause'), up: () => site.authority.order('resume') }),
  },
  {
    name: 'a backup killed while the authority is killed and started again',
    kind: 'no views',
    authorities: outside,
    run: (site) =>
      killedMeanwhile(site, { down: () => site.authority.order('stop'), up: () => site.authority.order('start') }),
  },
  {
    name: 'the record of the authority deleted, and restored',
    kind: 'no views',
    authorities: outside,
    run: async (site) => {
      const record = await site.authority.record()
      await site.authority.order('delete')
      await problem(site, /went back/)
      await site.progress()
      await site.authority.order('write', record)
      await killed(site, await site.backup())
    },
  },
  {
    name: 'the record of the authority put back to an older one, and a person decides',
    kind: 'no views',
    authorities: outside,
    run: async (site) => {
      const record = await site.authority.record()
      await killed(site, await site.backup())
      await site.authority.order('write', record)
      await problem(site, /went back/)
      await site.progress()
      await (await site.backup()).reset()
    },
  },
  {
    name: 'of two one killed, whose return is the proof of its end',
    kind: 'no views',
    authorities: ['members'],
    run: async (site) => {
      await site.stop(await site.backup())
      await site.progress()
      const [lost, survivor] = site.random.shuffle(site.members) as [MemberProcess, MemberProcess]
      await site.kill(lost)
      await problem(survivor, /members of the last view answer/)
      site.start(lost.host)
      await site.progress()
    },
  },
  {
    name: 'two of three killed, and a person decides',
    kind: 'no views',
    authorities: ['members'],
    run: async (site) => {
      for (const member of await twoOf(site)) await site.kill(member)
      const [survivor] = site.members as [MemberProcess]
      await problem(survivor, /members of the last view answer/)
      await survivor.reset()
      await site.progress()
    },
  },
  {
    name: 'all killed',
    kind: 'loss',
    run: async (site) => {
      const count = site.random.integer(1, site.members.length + 1)
      for (const member of site.members.slice(count)) await site.stop(member)
      await site.killAll()
      site.startMissing()
      // Members that were the authority themselves have left nobody who could know of them.
      if (outside.includes(site.authorityName)) await lossIsTold(site)
    },
  },
  {
    name: 'all killed, and their pods gone',
    kind: 'loss',
    authorities: ['kubernetes'],
    run: async (site) => {
      await podsAreWrittenDown(site)
      await site.killAll()
      const gone = []
      // Under other names: no return of theirs is a proof.
      for (const host of site.hosts) gone.push(await site.replacePod(host))
      const first = site.start(site.hosts[0] as Host)
      await waitFor(() => first.logs.some((line) => /waiting/.test(line)))
      assert.equal(first.isOpen, false)
      for (const pod of gone) await site.authority.order('endPod', pod)
      site.startMissing()
      await lossIsTold(site)
    },
  },
]

/** Until the others go on; the authority counts as one of them. */
async function cutOff(
  site: Site,
  member: MemberProcess,
  pairs: (here: string, there: string) => [from: string, to: string][],
): Promise<MemberProcess> {
  const others = site.others(member)
  const there = [...others.map(({ host }) => host.name), 'authority']
  await site.network.cut(there.flatMap((name) => pairs(member.host.name, name)))
  await site.progress(others)
  await site.network.heal()
  return member
}

async function killed(site: Site, member: MemberProcess): Promise<undefined> {
  await site.kill(member)
  await site.progress()
}

/** Two of three, the primary among them or not. */
async function twoOf(site: Site): Promise<MemberProcess[]> {
  const primary = await site.primary()
  const backups = site.others(primary)
  return site.random.chance(0.5) ? [primary, ...backups].slice(0, 2) : backups
}

/** While the authority does not answer. */
async function killedMeanwhile(
  site: Site,
  { down, up }: { readonly down: () => Promise<unknown>; readonly up: () => Promise<unknown> },
): Promise<undefined> {
  const backup = await site.backup()
  await down()
  await site.progress()
  await site.kill(backup)
  // Nothing is committed without it until a view without it is installed.
  await problem(site, /./)
  await up()
  await site.progress()
}

/** Waits until the status of a member, or of the primary, says so. */
async function problem(of: Site | MemberProcess, pattern: RegExp): Promise<void> {
  await waitFor(async () => {
    const member = of instanceof Site ? await of.primary() : of
    return pattern.test((await member.status()).problem ?? '')
  })
}

async function lossIsTold(site: Site): Promise<void> {
  await waitFor(() => site.members.some(({ logs }) => logs.some((line) => /rows were lost/.test(line))))
}

async function podsAreWrittenDown(site: Site): Promise<void> {
  const uids = await Promise.all(site.members.map(async (member) => (await member.status()).self.uid))
  await waitFor(async () => {
    const { annotations } = JSON.parse(await site.authority.record())
    const pods = JSON.parse(annotations['tiebeam.dev/tables-pods'] ?? '{}')
    return uids.every((uid) => uid in pods)
  })
}
