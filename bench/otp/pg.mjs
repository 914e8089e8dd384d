/**
 * Process groups: Tiebeam ↔ Tiebeam against OTP ↔ OTP, round by round on one machine. 100,000 memberships of as many processes.
 *
 *   otp.pg.sync.1000x100     ms from the start of a scope on a connected node until it sees all members of 1,000 groups of 100
 *   otp.pg.sync.100000x1     the same for 100,000 groups of 1
 *   otp.pg.sync.….from-otp   the members are those of an OTP node
 *   otp.pg.join              ms p99 from a join until the process that joined has the answer of another node that saw it, which is more
 *                            than the time until it is seen
 */
import { median, round } from '../figures.mjs'
import { startPeers } from '../peers.mjs'

/**
 * @import { Peer } from '../peers.mjs'
 * @typedef {{ bench: string, ours: number, theirs: number, peer: string, unit: string, ratio: number }} Line
 *   ratio is above 1 where we are better
 * @typedef {{ suffix: string, from: Peer, to: Peer, values: number[] }} Pair
 */

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
    await ours[1].ask('connect', theirs[0].name)
    const lines = []
    for (const [groups, each] of shapes) {
      const pairs = makePairs(ours, theirs)
      // Code is compiled in the first rounds.
      for (let number = -4; number < rounds; number++) {
        for (const { from, to, values } of pairs) {
          for (const peer of [...ours, ...theirs]) if (peer !== from) await peer.ask('stop')
          await from.ask('fill', groups, each)
          const { elapsedNs } = await to.ask('sync', groups, each)
          if (number >= 0) values.push(elapsedNs / 1e6)
          await from.ask('stop')
        }
      }
      lines.push(...compare(`otp.pg.sync.${groups}x${each}`, pairs, theirs[0].release, 'ms', median))
    }
    const pairs = makePairs(ours, theirs)
    for (const { from, to, values } of pairs) {
      for (const peer of [...ours, ...theirs]) await peer.ask('stop')
      await to.ask('echo')
      const { roundTripsNs } = await from.ask('join', joins)
      values.push(...roundTripsNs.map((each) => each / 1e6))
    }
    lines.push(...compare('otp.pg.join', pairs, theirs[0].release, 'ms p99', p99))
    return lines
  } finally {
    await stop()
  }
}

/** @type {(ours: [Peer, Peer], theirs: [Peer, Peer]) => [Pair, ...Pair[]]} */
function makePairs(ours, theirs) {
  return [
    { suffix: 'otp', from: theirs[0], to: theirs[1], values: [] },
    { suffix: '', from: ours[0], to: ours[1], values: [] },
    { suffix: '.from-otp', from: theirs[0], to: ours[1], values: [] },
  ]
}

/** @type {(bench: string, pairs: [Pair, ...Pair[]], release: string, unit: string, figure: (values: number[]) => number) => Line[]} */
function compare(bench, [otp, ...pairs], release, unit, figure) {
  const theirs = round(figure(otp.values))
  return pairs.map(({ suffix, values }) => {
    const mine = round(figure(values))
    return { bench: `${bench}${suffix}`, ours: mine, theirs, peer: `OTP ${release}`, unit, ratio: round(theirs / mine) }
  })
}

/** @param {number[]} values */
function p99(values) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN
}
