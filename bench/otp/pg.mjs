/**
 * Process groups: Tiebeam ↔ Tiebeam against OTP ↔ OTP, round by round on one machine. 100,000 memberships of as many processes.
 *
 *   otp.pg.sync.1000x100     ms from the start of a scope on a connected node until it sees all members of 1,000 groups of 100
 *   otp.pg.sync.100000x1     the same for 100,000 groups of 1
 *   otp.pg.join              ms p99 from a join until the process that joined has the answers of three other nodes that saw it, which is
 *                            more than the time until all of them see it
 *   ….from-otp               the members are those of an OTP node
 *   ….cold                   the first sync of processes that were started for it
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { median, round } from '../figures.mjs'
import { startPeers } from '../peers.mjs'

/**
 * @import { Peer, PeersOfAKind } from '../peers.mjs'
 * @typedef {{ bench: string, ours: number, theirs: number, peer: string, unit: string, ratio: number }} Line
 *   ratio is above 1 where we are better
 * @typedef {{ from: Peer, to: readonly [Peer, ...Peer[]], values: number[] }} Pair
 */

/** Code is compiled in these. */
const WARM_UP_ROUNDS = 6

/** Before a single round: time for what is left of the start of 100,000 processes, such as their garbage. */
const AFTER_FILL_MS = 1_500

/** One that joins, and those that are to see it. */
const NODES = 4

const shapes = /** @type {const} */ ([
  [1_000, 100],
  [100_000, 1],
])

/** @type {(options: { rounds: number, coldRounds: number, joins: number }) => Promise<Line[]>} */
export async function measureGroups({ rounds, coldRounds, joins }) {
  return [...(await measureWarm({ rounds, joins })), ...(await measureCold(coldRounds))]
}

/** @type {(options: { rounds: number, joins: number }) => Promise<Line[]>} */
async function measureWarm({ rounds, joins }) {
  const { ours, theirs, stop } = await startPeers('otp/pg', { each: NODES })
  try {
    for (const nodes of [ours, theirs]) await connect(nodes[0], nodes.slice(1))
    const lines = []
    const all = [...ours, ...theirs]
    /** @type {(suffix: string, from: Peer) => Promise<void>} */
    const measure = async (suffix, from) => {
      for (const [groups, each] of shapes) {
        const pairs = makePairs(from, { ours, theirs })
        for (const peer of all) await peer.ask('stop')
        for (const sender of new Set(pairs.map((pair) => pair.from))) await sender.ask('fill', groups, each)
        for (let number = -WARM_UP_ROUNDS; number < rounds; number++) {
          for (const { to, values } of pairs) {
            const { elapsedNs } = await to[0].ask('sync', groups, each)
            if (number >= 0) values.push(elapsedNs / 1e6)
          }
        }
        lines.push(compare(`otp.pg.sync.${groups}x${each}${suffix}`, pairs, theirs[0].release, 'ms', median))
      }
      const pairs = makePairs(from, { ours, theirs })
      for (const { from, to, values } of pairs) {
        for (const peer of all) await peer.ask('stop')
        for (const peer of to) await peer.ask('echo')
        const { roundTripsNs } = await from.ask('join', joins, to.length)
        values.push(...roundTripsNs.map((each) => each / 1e6))
      }
      lines.push(compare(`otp.pg.join${suffix}`, pairs, theirs[0].release, 'ms p99', p99))
    }
    await measure('', ours[0])
    // Not before: a node that knows both senders would get the members of both.
    await connect(theirs[0], ours.slice(1))
    await measure('.from-otp', theirs[0])
    return lines
  } finally {
    await stop()
  }
}

/** @type {(rounds: number) => Promise<Line[]>} */
async function measureCold(rounds) {
  const lines = []
  for (const [groups, each] of shapes) {
    /** @type {number[][]} */
    const values = [[], []]
    let release = ''
    for (let number = 0; number < rounds; number++) {
      const { ours, theirs, stop } = await startPeers('otp/pg')
      try {
        release = theirs[0].release
        for (const [kind, [from, to]] of [theirs, ours].entries()) {
          await connect(from, [to])
          await from.ask('fill', groups, each)
          await sleep(AFTER_FILL_MS)
          const { elapsedNs } = await to.ask('sync', groups, each)
          values[kind]?.push(elapsedNs / 1e6)
        }
      } finally {
        await stop()
      }
    }
    const pairs = values.map((each) => ({ values: each }))
    lines.push(compare(`otp.pg.sync.${groups}x${each}.cold`, pairs, release, 'ms', median))
  }
  return lines
}

/** @type {(from: Peer, others: readonly Peer[]) => Promise<void>} */
async function connect(from, others) {
  for (const { name } of others) await from.ask('connect', name)
}

/** @type {(from: Peer, peers: { ours: PeersOfAKind, theirs: PeersOfAKind }) => [otp: Pair, mine: Pair]} */
function makePairs(from, { ours, theirs }) {
  const [otpFrom, ...otpTo] = theirs
  const [, ...to] = ours
  return [
    { from: otpFrom, to: otpTo, values: [] },
    { from, to, values: [] },
  ]
}

/**
 * @param {string} bench
 * @param {readonly { values: number[] }[]} pairs OTP's, then ours
 * @param {string} release
 * @param {string} unit
 * @param {(values: number[]) => number} figure
 * @returns {Line}
 */
function compare(bench, pairs, release, unit, figure) {
  const [theirs = Number.NaN, ours = Number.NaN] = pairs.map(({ values }) => round(figure(values)))
  return { bench, ours, theirs, peer: `OTP ${release}`, unit, ratio: round(theirs / ours) }
}

/** @param {number[]} values */
function p99(values) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN
}
