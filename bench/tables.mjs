/**
 * npm run bench -- tables [--quick] [part of a case's name …]
 *
 * Three replicas of ours against three Mnesia nodes with `ram_copies`, all on this machine, taking turns round by round. Output is one
 * JSON object a line: medians of the rounds, and the median of the rounds' ratios, which is above 1 where we are better.
 *
 *   reads               local reads of one row: `get` against `mnesia:dirty_read`
 *   writes.sequential   committed writes, one after the other, of a node that is not our primary, against `mnesia:transaction`
 *   writes.64-writers   the same by 64 writers at a time
 *   writes.3-nodes      the same by 21 writers on each of the three nodes
 *   updates.contended   transactions that read and write one of 16 rows, by 64 writers
 *   dirty               our committed writes by 64 writers against `mnesia:dirty_write`, which waits for nobody and guarantees nothing
 *   replicas.N          writes by 64 writers with one to five replicas
 *   rows.N              the same over ten thousand to a million rows; reads and bytes a row, too
 *   bytes.N             the same with rows of 100 bytes to 10 KB
 *   memory              bytes a row of a million rows, in each of three replicas, against a plain `Map` of the same rows
 *   joiner              seconds in which a fourth replica gets a million rows, while one of the others writes by 8 writers
 *   joiner.writes       the writes meanwhile
 *
 * Rows have 100 bytes, and there are ten thousand of them, where nothing else is said.
 */
import { parseArgs } from 'node:util'
import { median, round } from './figures.mjs'
import { startPeers } from './peers.mjs'

/** @import { Peer } from './peers.mjs' */
/** @typedef {{ elapsedNs: number, p50Ns: number, p99Ns: number }} Taken */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false } },
})
const isChosen = (/** @type {string} */ name) =>
  positionals.length === 0 || positionals.some((part) => name.includes(part))
const rounds = values.quick ? 2 : 5
const scale = values.quick ? 0.1 : 1
const ROWS = 10_000
const BYTES = 100

// Each child is ended by a handler of its own.
process.setMaxListeners(0)
// Ending by process.exit() runs the handlers that end the children.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))

let next = 0
/** Numbers that no row has had: no write is the same as another. */
const numbers = (/** @type {number} */ count) => {
  next += count
  return next - count
}

await withTables({ each: 3, rows: ROWS, bytes: BYTES }, async (compare) => {
  await compare('reads', 'reads/s', 2_000_000, (site, count) => site.writer.ask('reads', count, ROWS))
  await compare('writes.sequential', 'writes/s', 5_000, (site, count) =>
    site.writer.ask('writes', numbers(count), count, 1, ROWS, BYTES),
  )
  await compare('writes.64-writers', 'writes/s', 64_000, (site, count) =>
    site.writer.ask('writes', numbers(count), count, 64, ROWS, BYTES),
  )
  await compare('writes.3-nodes', 'writes/s', 63_000, async (site, count) => {
    const each = Math.floor(count / 3)
    const taken = await Promise.all(site.nodes.map((node) => node.ask('writes', numbers(each), each, 21, ROWS, BYTES)))
    return { ...taken[0], elapsedNs: Math.max(...taken.map(({ elapsedNs }) => elapsedNs)) }
  })
  await compare('updates.contended', 'transactions/s', 12_800, (site, count) =>
    site.writer.ask('updates', numbers(count), count, 64, 16, BYTES),
  )
  await compare('dirty', 'writes/s', 32_000, (site, count) =>
    site.writer.ask(site.isOurs ? 'writes' : 'dirty', numbers(count), count, 64, ROWS, BYTES),
  )
})
for (const each of [1, 2, 3, 4, 5]) {
  await series(`replicas.${each}`, { each, rows: ROWS, bytes: BYTES })
}
for (const rows of values.quick ? [10_000, 100_000] : [10_000, 100_000, 1_000_000]) {
  await series(`rows.${rows}`, { each: 3, rows, bytes: BYTES })
}
for (const bytes of [100, 1_000, 10_000]) {
  await series(`bytes.${bytes}`, { each: 3, rows: ROWS, bytes })
}

await largeTables(values.quick ? 100_000 : 1_000_000)

/**
 * @typedef {{ isOurs: boolean, nodes: Peer[], writer: Peer }} Site
 * @typedef {(name: string, unit: string, count: number, measure: (site: Site, count: number) => Promise<any>) => Promise<void>} Compare
 */

/**
 * @param {string} name
 * @param {{ each: number, rows: number, bytes: number }} size
 */
async function series(name, size) {
  await withTables(
    size,
    async (compare, sites) => {
      await compare(`${name}.writes`, 'writes/s', size.bytes > 1_000 ? 6_400 : 48_000, (site, count) =>
        site.writer.ask('writes', numbers(count), count, 64, size.rows, size.bytes),
      )
      if (name.startsWith('rows') && isChosen(`${name}.bytes-a-row`)) {
        const [ours, theirs] = await Promise.all(
          sites.map(async ({ writer }) => (await writer.ask('memory')).elapsedNs),
        )
        print(`${name}.bytes-a-row`, 'bytes', ours / size.rows, theirs / size.rows, theirs / ours)
      }
    },
    name,
  )
}

/**
 * Memory, and a joiner.
 *
 * @param {number} rows
 */
async function largeTables(rows) {
  if (!isChosen('memory') && !isChosen('joiner')) return
  const peers = await startPeers('tables', { each: 4 })
  try {
    const [joiner] = peers.ours.slice(-1)
    const mapBytes = (await joiner?.ask('map', rows, BYTES))?.elapsedNs ?? Number.NaN
    /** @type {{ seconds: number, writes: number }[]} */
    const joined = []
    for (const [isOurs, nodes] of /** @type {[boolean, Peer[]][]} */ ([
      [true, peers.ours],
      [false, peers.theirs],
    ])) {
      await openAndFill(nodes.slice(0, 3), rows, BYTES)
      if (isOurs && isChosen('memory')) {
        const taken = await Promise.all(nodes.slice(0, 3).map(async (node) => (await node.ask('memory')).elapsedNs))
        const ours = Math.max(...taken)
        print('memory.bytes-a-row', 'bytes', ours / rows, mapBytes / rows, mapBytes / ours, 'plain Map')
      }
      if (isChosen('joiner')) joined.push(await join(nodes, rows))
    }
    const [ours, theirs] = joined
    if (ours === undefined || theirs === undefined) return
    print('joiner', 's', ours.seconds, theirs.seconds, theirs.seconds / ours.seconds)
    print('joiner.writes', 'writes/s', ours.writes, theirs.writes, ours.writes / theirs.writes)
  } finally {
    await peers.stop()
  }
}

/**
 * The last node joins, while the one before it writes.
 *
 * @param {Peer[]} nodes
 * @param {number} rows
 */
async function join(nodes, rows) {
  const [first, writer, joiner] = /** @type {[Peer, Peer, Peer]} */ ([nodes[0], ...nodes.slice(-2)])
  let isJoining = true
  let written = 0
  const begin = performance.now()
  const joining = (async () => {
    await joiner.ask('open', first.name)
    await joiner.ask('await', rows)
    isJoining = false
    return (performance.now() - begin) / 1000
  })()
  while (isJoining) {
    await writer.ask('writes', numbers(400), 400, 8, rows, BYTES)
    written += 400
  }
  const writes = written / ((performance.now() - begin) / 1000)
  return { seconds: await joining, writes }
}

/**
 * @param {Peer[]} nodes
 * @param {number} rows
 * @param {number} bytes
 */
async function openAndFill(nodes, rows, bytes) {
  const [first, ...others] = /** @type {[Peer, ...Peer[]]} */ (nodes)
  await first.ask('open')
  for (const other of others) await other.ask('open', first.name)
  await first.ask('fill', 0, rows, bytes)
  for (const node of nodes) await node.ask('await', rows)
}

/**
 * @param {{ each: number, rows: number, bytes: number }} size
 * @param {(compare: Compare, sites: Site[]) => Promise<void>} measure
 * @param {string} [name] of all its cases
 */
async function withTables({ each, rows, bytes }, measure, name = '') {
  if (name !== '' && !isChosen(`${name}.writes`)) return
  const peers = await startPeers('tables', { each })
  try {
    /** @type {Site[]} */
    const sites = []
    for (const [isOurs, nodes] of /** @type {[boolean, Peer[]][]} */ ([
      [true, peers.ours],
      [false, peers.theirs],
    ])) {
      await openAndFill(nodes, rows, bytes)
      // The first founded our cluster, and so is the primary; Mnesia has none.
      sites.push({ isOurs, nodes, writer: /** @type {Peer} */ (nodes.at(-1)) })
    }
    await measure(async (caseName, unit, count, once) => {
      if (!isChosen(caseName)) return
      const scaled = Math.max(64, Math.round(count * scale))
      const rates = sites.map(() => /** @type {number[]} */ ([]))
      const latencies = sites.map(() => /** @type {number[]} */ ([]))
      // The first round warms up.
      for (let number = 0; number <= rounds; number++) {
        for (const [index, site] of sites.entries()) {
          /** @type {Taken} */
          const { elapsedNs, p99Ns } = await once(site, scaled)
          if (number === 0) continue
          rates[index]?.push(scaled / (elapsedNs / 1e9))
          if (p99Ns !== undefined) latencies[index]?.push(p99Ns / 1e6)
        }
      }
      const [ours = [], theirs = []] = rates
      print(
        caseName,
        unit,
        median(ours),
        median(theirs),
        median(ours.map((rate, index) => rate / (theirs[index] ?? Number.NaN))),
      )
      const [ourLatencies = [], theirLatencies = []] = latencies
      if (ourLatencies.length === 0) return
      print(
        `${caseName}.p99`,
        'ms',
        median(ourLatencies),
        median(theirLatencies),
        median(theirLatencies) / median(ourLatencies),
      )
    }, sites)
  } finally {
    await peers.stop()
  }
}

/**
 * @param {string} name
 * @param {string} unit
 * @param {number} ours
 * @param {number} theirs
 * @param {number} ratio
 * @param {string} [peer]
 */
function print(name, unit, ours, theirs, ratio, peer = 'Mnesia, OTP 25') {
  const figures = { ours: round(ours), theirs: round(theirs), peer, unit, ratio: round(ratio) }
  console.log(JSON.stringify({ bench: `tables.${name}`, ...figures }))
}
