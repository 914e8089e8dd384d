/** One Tiebeam node of the tables benchmark: node tiebeam-node.mjs <name> <cookie> <EPMD port>; otp_node.erl says which commands there are. */
import readline from 'node:readline'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Node } from '@tiebeam/distribution'
import { members, openTables, table } from '@tiebeam/tables'

const [name = '', cookie = '', epmdPort = ''] = process.argv.slice(2)
const node = await Node.start({ name, cookie, epmd: { port: Number(epmdPort) } })
/** Rows that one transaction fills in. */
const FILL_ROWS = 1_000
const definitions = { bench: table()({ key: 'id' }) }

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc')
/** Of what lives, in bytes. */
const memory = () => {
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
let memoryBefore = 0

/** @type {Awaited<ReturnType<typeof open>> | undefined} */
let tables

console.log(JSON.stringify({ name, release: process.version }))
for await (const line of readline.createInterface({ input: process.stdin })) {
  const [command = '', ...words] = line.split(' ')
  console.log(JSON.stringify(await run(command, words)))
}
await tables?.stop()
await node.stop()

/**
 * @param {string} command
 * @param {string[]} words
 */
async function run(command, words) {
  if (command === 'open') {
    memoryBefore = memory()
    return timed(async () => {
      tables = await open(words)
    })
  }
  if (command === 'map') return { elapsedNs: mapBytes(...words.map(Number)) }
  if (tables === undefined) throw new Error('open comes first')
  const { bench } = tables
  const [first = 0, second = 0, third = 0, keys = 0, bytes = 0] = words.map(Number)
  switch (command) {
    case 'fill':
      return timed(() => fill(first, second, third))
    case 'await':
      return timed(async () => {
        while (bench.size < first) await new Promise((resolve) => setTimeout(resolve, 10))
      })
    case 'reads':
      return timed(async () => read(first, second))
    case 'writes':
      return concurrently(first, second, third, (number) => bench.put(row(number % keys, number, bytes)))
    case 'updates':
      return concurrently(first, second, third, (number) =>
        bench.update(number % keys, (held) => held && row(number % keys, number, bytes)),
      )
    case 'memory':
      return { elapsedNs: memory() - memoryBefore }
    case 'role':
      return { elapsedNs: tables.status.role === 'primary' ? 1 : 0 }
    default:
      throw new Error(`there is no command ${command}`)
  }
}

/** @param {string[]} nodes */
async function open(nodes) {
  for (const other of nodes) await node.connect(other)
  return openTables(node, definitions, { authority: members(), minimumNodes: 1, foundAfterMs: 200 })
}

/**
 * @param {number} key
 * @param {number} number
 * @param {number} bytes
 */
function row(key, number, bytes) {
  // As texts are that come from outside: in one piece, which the engine does not make of one that is put together.
  return { id: key, value: Buffer.from(String(number).padEnd(bytes, '.'), 'latin1').latin1Slice() }
}

/** What a plain map of such rows takes. */
function mapBytes(rows = 0, bytes = 0) {
  const before = memory()
  const map = new Map()
  for (let number = 0; number < rows; number += 1) map.set(number, row(number, number, bytes))
  const taken = memory() - before
  // Until here it lives.
  map.clear()
  return taken
}

/**
 * @param {number} first
 * @param {number} count
 * @param {number} bytes
 */
async function fill(first, count, bytes) {
  for (let from = first; from < first + count; from += FILL_ROWS) {
    const to = Math.min(from + FILL_ROWS, first + count)
    await tables?.transaction(({ bench }) => {
      for (let number = from; number < to; number += 1) bench.put(row(number, number, bytes))
    })
  }
}

/**
 * @param {number} count
 * @param {number} keys
 */
function read(count, keys) {
  const { bench } = tables ?? {}
  if (bench === undefined) return
  for (let left = count; left > 0; left -= 1)
    if (bench.get(left % keys) === undefined) throw new Error('a row is missing')
}

/** @param {() => Promise<unknown>} work */
async function timed(work) {
  const begin = process.hrtime.bigint()
  await work()
  return { elapsedNs: Number(process.hrtime.bigint() - begin) }
}

/**
 * @param {number} first
 * @param {number} count
 * @param {number} inflight
 * @param {(number: number) => Promise<unknown>} work
 */
async function concurrently(first, count, inflight, work) {
  const each = Math.floor(count / inflight)
  /** @type {number[]} */
  const latencies = []
  const { elapsedNs } = await timed(() =>
    Promise.all(
      Array.from({ length: inflight }, async (_, writer) => {
        for (let number = first + writer * each; number < first + (writer + 1) * each; number += 1) {
          const begin = performance.now()
          await work(number)
          latencies.push(performance.now() - begin)
        }
      }),
    ),
  )
  latencies.sort((a, b) => a - b)
  const at = (/** @type {number} */ part) => Math.round((latencies[Math.ceil(latencies.length * part) - 1] ?? 0) * 1e6)
  return { elapsedNs, p50Ns: at(0.5), p99Ns: at(0.99) }
}
