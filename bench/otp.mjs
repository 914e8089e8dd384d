/**
 * npm run bench -- otp [--quick] [part of a case's name …]
 *
 * Two Tiebeam nodes against two OTP nodes, and each kind with the other, over loopback; all of them run during the whole
 * benchmark, and take turns round by round. OTP runs with its defaults (as many schedulers as cores). Output is one JSON
 * object a line: medians of the rounds, and the median of the rounds' ratios, which is above 1 where we are better.
 *
 *   call.X             calls to a GenServer, Tiebeam → Tiebeam against OTP → OTP (gen_server:call)
 *   cluster.call.X     calls to a member of a group on the other node, against pg:get_members and gen_server:call
 *   erpc.X             remote calls of a function, the same pairs (erpc:call)
 *   X.to-otp           Tiebeam → OTP, against OTP → OTP
 *   X.from-otp         OTP → Tiebeam, against OTP → OTP
 *   supervisor.restarts  a child that ends and is started again, one time after the other
 *   pg.X               process groups: see otp/pg.mjs
 *
 * A request has another argument each time, and the answer is checked.
 */
import { parseArgs } from 'node:util'
import { median, round } from './figures.mjs'
import { measureGroups } from './otp/pg.mjs'
import { startPeers } from './peers.mjs'

/** @import { Peer } from './peers.mjs' */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false } },
})

const cases = [
  { name: 'call.sequential', command: 'calls', inflight: 1, count: 15_000, unit: 'calls/s', remote: true },
  { name: 'call.100-callers', command: 'calls', inflight: 100, count: 80_000, unit: 'calls/s', remote: true },
  { name: 'cluster.call.sequential', command: 'group', inflight: 1, count: 10_000, unit: 'calls/s', remote: true },
  { name: 'cluster.call.100-callers', command: 'group', inflight: 100, count: 60_000, unit: 'calls/s', remote: true },
  { name: 'erpc.sequential', command: 'erpc', inflight: 1, count: 10_000, unit: 'calls/s', remote: true },
  { name: 'erpc.100-callers', command: 'erpc', inflight: 100, count: 40_000, unit: 'calls/s', remote: true },
  { name: 'supervisor.restarts', command: 'restarts', inflight: 1, count: 3_000, unit: 'restarts/s', remote: false },
]
const isChosen = (/** @type {string} */ name) =>
  positionals.length === 0 || positionals.some((part) => name.includes(part))
const chosen = cases.filter(({ name }) => isChosen(name))
if (chosen.length === 0 && !isChosen('pg')) {
  console.error(`No case matches. The cases are ${cases.map(({ name }) => name).join(', ')}, pg.`)
  process.exit(1)
}

// Ending by process.exit() runs the handlers that end the children.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))

const rounds = values.quick ? 2 : 7
const peers = await startPeers('otp')
try {
  for (const one of chosen) await compare(one)
} finally {
  await peers.stop()
}
if (isChosen('pg')) {
  const options = values.quick ? { rounds: 2, coldRounds: 1, joins: 200 } : { rounds: 9, coldRounds: 3, joins: 2_000 }
  for (const line of await measureGroups(options)) console.log(JSON.stringify(line))
}

/** @param {typeof cases[number]} one */
async function compare({ name, command, inflight, count, unit, remote }) {
  const { ours, theirs } = peers
  /** @type {{ suffix: string, from: Peer, to: Peer, rates: number[] }[]} */
  const pairs = [{ suffix: '', from: ours[0], to: ours[1], rates: [] }]
  if (remote) {
    pairs.push({ suffix: '.to-otp', from: ours[0], to: theirs[1], rates: [] })
    pairs.push({ suffix: '.from-otp', from: theirs[0], to: ours[1], rates: [] })
  }
  const otp = { suffix: '', from: theirs[0], to: theirs[1], /** @type {number[]} */ rates: [] }
  // The first round warms up: connections are made, code is compiled.
  for (let number = 0; number <= rounds; number++) {
    for (const { from, to, rates } of [otp, ...pairs]) {
      const { elapsedNs } = await from.ask(command, to.name, values.quick ? count / 10 : count, inflight)
      if (number > 0) rates.push((values.quick ? count / 10 : count) / (elapsedNs / 1e9))
    }
  }
  for (const { suffix, rates } of pairs) {
    const figures = {
      ours: round(median(rates)),
      theirs: round(median(otp.rates)),
      peer: `OTP ${theirs[0].release}`,
      unit,
    }
    // Both sides of a round met the same noise, so their ratio is steadier than that of the medians.
    const ratio = round(median(rates.map((rate, number) => rate / (otp.rates[number] ?? Number.NaN))))
    console.log(JSON.stringify({ bench: `otp.${name}${suffix}`, ...figures, ratio }))
  }
}
