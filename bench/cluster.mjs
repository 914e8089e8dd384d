/**
 * npm run bench -- cluster [--rounds N] [--nodes N] [--only form|heal]
 *
 * Forming and healing: hosts in network namespaces, a real name server (dnsmasq), one Tiebeam and one OTP node on each host.
 * The OTP nodes look for peers as libcluster does with its defaults (every 5 s, one after the other), and have OTP's own
 * `global`, which connects the rest once two have met. Needs root on Linux. One JSON object a line; times are medians of the
 * rounds, in ms; a ratio above 1 means that we are better.
 *
 *   cluster.form   from the last node's listening (it registers in its EPMD) to the full mesh; nodes start at the same time,
 *                  ours and theirs in turn
 *   cluster.heal   from before the command that ends the cut, to the full mesh; one cut for both kinds. It lasts until no link
 *                  is left across it (tick time 4 s), and then for a random time of up to 5 s, so that it ends at any moment of either's rhythm.
 *                  Rounds in which the command itself took longer than 200 ms, as happens on a busy machine, are left out
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { requirePeer, Teardown, waitFor } from '@tiebeam/testing'
import { createSite, isMesh, meshMs } from './cluster/site.mjs'

/** @import { Kind, Member } from './cluster/site.mjs' */

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    nodes: { type: 'string', default: '5' },
    only: { type: 'string' },
  },
})
const rounds = Number(values.rounds)
const size = Number(values.nodes)
const peer = 'OTP with a polling loop of 5 s, as libcluster has by default'
/** @type {readonly Kind[]} */
const kinds = ['tiebeam', 'otp']

const complain = { skip: (/** @type {string} */ message) => console.error(message) }
if (!requirePeer(complain, 'root', 'ip', 'nft', 'nsenter', 'unshare', 'dnsmasq', 'erl', 'erlc', 'epmd')) process.exit(1)

const teardown = new Teardown()
// Ending by process.exit() ends the children too: the kernel kills them with this process.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))

try {
  const site = await createSite(teardown, size, 4)
  if (values.only !== 'heal') report('form', await form())
  if (values.only !== 'form') report('heal', await heal())

  async function form() {
    /** @type {Record<Kind, number[]>} */
    const times = { tiebeam: [], otp: [] }
    for (let round = 0; round < rounds; round++) {
      for (const kind of kinds) {
        const members = site.hosts.map((host) => site.join(kind, host))
        await waitFor(() => isMesh(members), { what: () => `a full mesh:\n${describe(members)}` })
        times[kind].push(meshMs(members) - Math.max(...members.map(({ startedMs }) => startedMs)))
        await Promise.all(members.map(({ child }) => child.kill()))
      }
    }
    return times
  }

  async function heal() {
    /** @type {Record<Kind, number[]>} */
    const times = { tiebeam: [], otp: [] }
    const groups = kinds.map((kind) => site.hosts.map((host) => site.join(kind, host)))
    const split = Math.floor(size / 2)
    const names = site.hosts.map(({ name }) => name)
    for (let round = 0; times.tiebeam.length < rounds && round < rounds * 2; round++) {
      await waitFor(() => groups.every(isMesh), { what: 'both meshes', timeoutMs: 120_000 })
      await site.network.partition(names.slice(0, split), names.slice(split))
      await waitFor(() => groups.every((members) => isCut(members, split)), { what: 'the loss of all links across' })
      await sleep(Math.random() * 5000)
      const healedMs = performance.timeOrigin + performance.now()
      await site.network.heal()
      const commandMs = performance.timeOrigin + performance.now() - healedMs
      await waitFor(() => groups.every(isMesh), { what: 'both meshes again', timeoutMs: 120_000 })
      if (commandMs > 200) continue
      for (const [index, kind] of kinds.entries()) times[kind].push(meshMs(groups[index] ?? []) - healedMs)
    }
    return times
  }
} finally {
  await teardown.run()
}

/** @type {(members: readonly Member[]) => string} */
function describe(members) {
  return members.map(({ name, links, child }) => `${name} has ${[...links.keys()]}\n${child.output}`).join('\n')
}

/** @type {(members: readonly Member[], split: number) => boolean} */
function isCut(members, split) {
  return members.every((member, index) =>
    members.every(({ name }, other) => index < split === other < split || !member.links.has(name)),
  )
}

/** @type {(bench: string, times: Record<Kind, number[]>) => void} */
function report(bench, { tiebeam, otp }) {
  const [ours, theirs] = [at(tiebeam, 0.5), at(otp, 0.5)]
  const line = { bench: `cluster.${bench}`, ours, theirs, peer, unit: 'ms', ratio: Number((theirs / ours).toFixed(2)) }
  const late = {
    oursP95: at(tiebeam, 0.95),
    theirsP95: at(otp, 0.95),
    oursWorst: at(tiebeam, 1),
    theirsWorst: at(otp, 1),
  }
  console.log(JSON.stringify({ ...line, ...late, nodes: size, rounds: tiebeam.length }))
}

/** @type {(times: readonly number[], part: number) => number} */
function at(times, part) {
  const sorted = times.toSorted((left, right) => left - right)
  return Math.max(1, Math.round(sorted[Math.floor(part * (sorted.length - 1))] ?? Number.NaN))
}
