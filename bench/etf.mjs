/**
 * npm run bench -- etf [--quick] [part of a case's name …]
 *
 * Encoding and decoding against JSON to and from bytes, erlpack (native) and erlang_js. Each round goes through over a
 * thousand documents with the same keys and different values. Each peer and we take turns, round by round; the rates are
 * medians, and the ratio is the median of the ratios of each round, in which both met the same noise. Every subject makes
 * bytes that the caller may keep, and ours has all its checks and limits on.
 * Output is one JSON object a line; a ratio above 1 says that we are faster.
 */
import assert from 'node:assert/strict'
import { parseArgs } from 'node:util'
import { largeDocument, mediumDocument, smallMap } from './etf/documents.mjs'
import { erlangJs, erlpack, json, tiebeam } from './etf/subjects.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false } },
})
const documentsPerRound = 1_024
const rounds = values.quick ? 3 : 15
const roundMs = 60

const sizes = [
  { size: 'small', make: smallMap },
  { size: '1KB', make: mediumDocument },
  { size: '20KB', make: largeDocument },
]
const ours = tiebeam()
const peers = [json(), erlpack(), erlangJs()].filter((peer) => peer !== undefined)
const kept = new Array(64)

for (const { size, make } of sizes) {
  const documents = Array.from({ length: documentsPerRound }, (_, index) => make(index + 1))
  // A subject that gives other values back would be fast for nothing.
  for (const { decode, encode } of [ours, peers[0]]) assert.deepEqual(decode(encode(documents[7])), documents[7])
  if (isChosen(`etf.encode.${size}`)) compare(`etf.encode.${size}`, documents, encoding)
  if (isChosen(`etf.decode.${size}`)) compare(`etf.decode.${size}`, documents, decoding)
}

function isChosen(name) {
  return positionals.length === 0 || positionals.some((part) => name.includes(part))
}

function encoding(subject, documents) {
  const inputs = subject.prepare === undefined ? documents : documents.map(subject.prepare)
  return { inputs, run: subject.encode }
}

function decoding(subject, documents) {
  const inputs = encoding(subject, documents).inputs.map((input) => Buffer.from(subject.encode(input)))
  return { inputs, run: subject.decode }
}

/** One peer at a time: what another keeps in memory would cost this one time in garbage collections. */
function compare(bench, documents, task) {
  for (const peer of peers) {
    const own = { ...task(ours, documents), rates: [] }
    const other = { ...task(peer, documents), rates: [] }
    // The first round only warms up.
    for (let round = -1; round < rounds; round++) {
      for (const subject of [own, other]) {
        const rate = measure(subject)
        if (round >= 0) subject.rates.push(rate)
      }
    }
    const ratios = own.rates.map((rate, round) => rate / other.rates[round])
    const figures = {
      ours: Math.round(median(own.rates)),
      theirs: Math.round(median(other.rates)),
      peer: peer.name,
      unit: 'ops/s',
      ratio: Number(median(ratios).toFixed(2)),
    }
    console.log(JSON.stringify({ bench, ...figures }))
  }
}

/** Operations a second over whole passes through the documents, for at least `roundMs`. */
function measure({ inputs, run }) {
  const start = performance.now()
  let operations = 0
  let elapsed = 0
  do {
    for (let index = 0; index < inputs.length; index++) kept[index & 63] = run(inputs[index])
    operations += inputs.length
    elapsed = performance.now() - start
  } while (elapsed < roundMs)
  return (operations / elapsed) * 1000
}

function median(rates) {
  return rates.toSorted((a, b) => a - b)[Math.floor(rates.length / 2)]
}
