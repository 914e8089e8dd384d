/** Runs the rounds of a case, ours and theirs in turn, and makes its lines of output. */
import { median, round } from '../figures.mjs'

/**
 * @import { Case } from './cases.mjs'
 * @import { Peer, Peers } from '../peers.mjs'
 * @typedef {{ bench: string, ours: number, theirs: number, peer: string, unit: string, ratio: number }} Line
 *   plus, for latencies, what else is known of them
 */

/**
 * @param {Case} one
 * @param {Peers} peers
 * @param {{ rounds: number, scale: number }} options
 * @returns {Promise<Line[]>}
 */
export async function runCase(one, { ours, theirs }, { rounds, scale }) {
  /** @type {{ suffix: string, from: Peer, to: Peer, results: Result[] }[]} */
  const pairs = [{ suffix: '', from: ours[0], to: ours[1], results: [] }]
  if (one.mixed) {
    pairs.push({ suffix: '.to-otp', from: ours[0], to: theirs[1], results: [] })
    pairs.push({ suffix: '.from-otp', from: theirs[0], to: ours[1], results: [] })
  }
  const otp = { suffix: '', from: theirs[0], to: theirs[1], /** @type {Result[]} */ results: [] }
  // The first round warms up: connections are made, code is compiled.
  for (let number = 0; number <= rounds; number++) {
    for (const pair of [otp, ...pairs]) {
      const result = await measure(one, pair.from, pair.to, scale)
      if (number > 0) pair.results.push(result)
    }
  }
  const peer = `OTP ${theirs[0].release}`
  return pairs.map(({ suffix, results }) => {
    const bench = `distribution.${one.name}${suffix}`
    if (one.kind === 'loaded') {
      const [oursMs, theirsMs] = [latencies(results), latencies(otp.results)]
      const compared = { ours: oursMs.p99, theirs: theirsMs.p99, peer, unit: 'ms p99' }
      return { bench, ...compared, ratio: round(theirsMs.p99 / oursMs.p99), oursMs, theirsMs }
    }
    const [mine, other] = [results, otp.results].map((of) => round(median(of.map(({ value }) => value))))
    const unit = one.kind === 'roundtrip' ? 'round trips/s' : 'messages/s'
    // Both sides of a round met the same noise, so their ratio is steadier than that of the medians.
    const ratios = results.map(({ value }, number) => value / (otp.results[number]?.value ?? Number.NaN))
    return { bench, ours: mine, theirs: other, peer, unit, ratio: round(median(ratios)) }
  })
}

/** @typedef {{ value: number, roundTripsNs: number[] }} Result value: messages or round trips a second, or MB/s of a stream */

/** @type {(one: Case, from: Peer, to: Peer, scale: number) => Promise<Result>} */
async function measure(one, from, to, scale) {
  const count = one.kind === 'loaded' ? one.count : Math.ceil(one.count * scale)
  const { elapsedNs, roundTripsNs = [] } =
    one.kind === 'roundtrip'
      ? await from.ask('roundtrip', to.name, count, one.inflight)
      : await from.ask(one.kind, to.name, one.payload, count)
  return { value: count / (elapsedNs / 1e9), roundTripsNs }
}

/** @type {(results: Result[]) => { p50: number, p99: number, max: number, samples: number, messagesPerSecond: number }} */
function latencies(results) {
  // Of all rounds together: a round alone has too few samples for its 99th percentile to be steady.
  const sorted = results.flatMap(({ roundTripsNs }) => roundTripsNs).sort((a, b) => a - b)
  const percentile = (/** @type {number} */ share) =>
    round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) / 1e6)
  return {
    p50: percentile(0.5),
    p99: percentile(0.99),
    max: percentile(1),
    samples: sorted.length,
    messagesPerSecond: round(median(results.map(({ value }) => value))),
  }
}
