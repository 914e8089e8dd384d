/**
 * npm run bench -- distribution [--quick] [--otp-only] [part of a case's name …]
 *
 * Two Tiebeam nodes against two OTP nodes, and each kind with the other, over loopback; all of them run during the whole
 * benchmark, and take turns round by round. OTP runs with its defaults (as many schedulers as cores). A round's messages
 * differ from each other, come from a process, and are received in a process's mailbox, which reads a byte or field of
 * each; the clock runs from the first send until the sender has the receiver's word (a sum, which is checked) that all
 * are there. Output is one JSON object a line: medians of the rounds, and the median of the rounds' ratios, which is above 1
 * where we are better.
 *
 *   oneway.X            Tiebeam → Tiebeam against OTP → OTP
 *   oneway.X.to-otp     Tiebeam → OTP     against OTP → OTP
 *   oneway.X.from-otp   OTP → Tiebeam     against OTP → OTP
 *
 * In `map` both sides send maps with string keys; in `map-atoms` OTP sends what is usual there, maps with atom keys.
 * `text` is a string in JavaScript and a binary in Erlang; the other sizes are bytes, and binaries.
 * `loaded.X` is the 99th percentile of small round trips (the next starts 1 ms after the answer) while 1 GiB streams over
 * the same connection as messages of that size.
 */
import { parseArgs } from 'node:util'
import { cases } from './distribution/cases.mjs'
import { runCase } from './distribution/rounds.mjs'
import { startPeers } from './peers.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, 'otp-only': { type: 'boolean', default: false } },
})
const chosen = cases.filter(({ name }) => positionals.length === 0 || positionals.some((part) => name.includes(part)))
if (chosen.length === 0) {
  console.error(`No case matches. The cases are ${cases.map(({ name }) => name).join(', ')}.`)
  process.exit(1)
}

// Ending by process.exit() runs the handlers that end the children.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))

const rounds = values.quick ? 2 : 5
const scale = values.quick ? 0.1 : 1
const peers = await startPeers('distribution', { tiebeam: !values['otp-only'] })
try {
  for (const one of chosen) {
    for (const line of await runCase(one, peers, { rounds, scale })) console.log(JSON.stringify(line))
  }
} finally {
  await peers.stop()
}
