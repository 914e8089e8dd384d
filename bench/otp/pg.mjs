/**
 * Process groups: Tiebeam ↔ Tiebeam against OTP ↔ OTP, round by round on one machine. 100,000 memberships of as many processes.
 *
 *   otp.pg.sync.1000x100     ms from the start of a scope on a connected node until it sees all members of 1,000 groups of 100
 *   otp.pg.sync.100000x1     the same for 100,000 groups of 1
 *   otp.pg.join              ms p99 from a join until the process that joined has the answer of another node that saw it, which is more
 *                            than the time until it is seen
 *   ….from-otp               the members are those of an OTP node
 */
import { median, round } from '../figures.mjs'
import { startPeers } from '../peers.mjs'

/**
 * @import { Peer } from '../peers.mjs'
 * @typedef {{ bench: string, ours: number, theirs: number, peer: string, unit: string, ratio: number }} Line
 *   ratio is above 1 where we are better
 * @typedef {{ from: Peer, to: Peer, values: number[] }} Pair
 */

/** Code is compiled in these. */
const WARM_UP_ROUNDS = 6

const shapes = /** @type {const} */ ([
  [1_000, 100],
  [100_000, 1],
])

/** @type {(options: { rounds: number, joins: number }) => Promise<Line[]>} */
export async function measureGroups({ rounds, joins }) {
  const { ours, theirs, stop } = await startPeers('otp/pg')
  try {
    await ours[0].ask('connect', ours[1].name)
    await theirs[0].ask('connect', theirs[1].name)
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
            const { elapsedNs } = await to.ask('sync', groups, each)
            if (number >= 0) values.push(elapsedNs / 1e6)
          }
        }
        lines.push(compare(`otp.pg.sync.${groups}x${each}${suffix}`, pairs, theirs[0].release, 'ms', median))
      }
      const pairs = makePairs(from, { ours, theirs })
      for (const { from, to, values } of pairs) {
        for (const peer of all) await peer.ask('stop')
        await to.ask('echo')
        const { roundTripsNs } = await from.ask('join', joins)
        values.push(...roundTripsNs.map((each) => each / 1e6))
      }
      lines.push(compare(`otp.pg.join${suffix}`, pairs, theirs[0].release, 'ms p99', p99))
    }
    await measure('', ours[0])
    // Not before: a node that knows both senders would get the members of both.
    await ours[1].ask('connect', theirs[0].name)
    await measure('.from-otp', theirs[0])
    return lines
  } finally {
    await stop()
  }
}

/** @type {(from: Peer, peers: { ours: [Peer, Peer], theirs: [Peer, Peer] }) => [otp: Pair, mine: Pair]} */
function makePairs(from, { ours, theirs }) {
  return [
    { from: theirs[0], to: theirs[1], values: [] },
    { from, to: ours[1], values: [] },
  ]
}

/** @type {(bench: string, pairs: [otp: Pair, mine: Pair], release: string, unit: string, figure: (values: number[]) => number) => Line} */
function compare(bench, [otp, mine], release, unit, figure) {
  const [ours, theirs] = [round(figure(mine.values)), round(figure(otp.values))]
  return { bench, ours, theirs, peer: `OTP ${release}`, unit, ratio: round(theirs / ours) }
}

/** @param {number[]} values */
function p99(values) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN
}
