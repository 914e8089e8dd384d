/** The nodes of a benchmark, each an operating-system process, and the EPMD that they share. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import readline from 'node:readline'
import { fileURLToPath } from 'node:url'

const benchmarks = path.dirname(fileURLToPath(import.meta.url))
const cookie = 'benchmark'

/**
 * @typedef {{ elapsedNs: number, roundTripsNs: number[] }} Answer
 * @typedef {{ name: string, release: string, ask(...words: (string | number)[]): Promise<Answer> }} Peer
 * @typedef {[Peer, Peer, ...Peer[]]} PeersOfAKind
 * @typedef {{ ours: PeersOfAKind, theirs: PeersOfAKind, stop(): Promise<void> }} Peers
 */

/**
 * Starts Tiebeam nodes (`tiebeam-node.mjs` of the benchmark's folder) and as many OTP nodes (`otp_node.erl`), two at least, on loopback.
 * Nothing outlives stop(), nor this process: a node ends when its standard input does.
 *
 * @param {string} benchmark
 * @param {{ tiebeam?: boolean, each?: number }} [options]
 * @returns {Promise<Peers>}
 */
export async function startPeers(benchmark, { tiebeam = true, each = 2 } = {}) {
  const folder = path.join(benchmarks, benchmark)
  const beams = mkdtempSync(path.join(os.tmpdir(), 'tiebeam-bench-'))
  const children = []
  const stop = async () => {
    await Promise.all(children.map((child) => child.stop()))
    rmSync(beams, { recursive: true, force: true })
  }
  try {
    const { status, stderr } = spawnSync('erlc', ['-o', beams, path.join(folder, 'otp_node.erl')], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`erlc failed; install Erlang/OTP (Debian: erlang-base). ${stderr ?? ''}`)
    const epmdPort = await freePort()
    const epmd = start('epmd', ['-port', String(epmdPort), '-address', '127.0.0.1'], {})
    children.push(epmd)
    await listening(epmdPort)
    const node = (/** @type {string} */ program, /** @type {string[]} */ args) => {
      const child = start(program, args, { ERL_EPMD_PORT: String(epmdPort) })
      // The EPMD is the first: it ends after the nodes that are registered with it.
      children.unshift(child)
      return child.peer()
    }
    const otp = (/** @type {string} */ base) =>
      node('erl', [
        ...['-noshell', '-name', `${base}@127.0.0.1`, '-setcookie', cookie, '-start_epmd', 'false'],
        ...['-connect_all', 'false', '-kernel', 'inet_dist_use_interface', '{127,0,0,1}'],
        ...['-pa', beams, '-s', 'otp_node', 'main'],
      ])
    const js = (/** @type {string} */ base) =>
      node(process.execPath, [
        ...(process.env.TIEBEAM_BENCH_NODE_OPTIONS?.split(' ') ?? []),
        ...[path.join(folder, 'tiebeam-node.mjs'), `${base}@127.0.0.1`, cookie, String(epmdPort)],
      ])
    const numbers = Array.from({ length: each }, (_, index) => index + 1)
    const startAll = async (/** @type {(number: number) => Promise<Peer>} */ startOne) =>
      /** @type {PeersOfAKind} */ (await Promise.all(numbers.map(startOne)))
    const theirs = await startAll((number) => otp(`otp-${number}`))
    const ours = tiebeam ? await startAll((number) => js(`tiebeam-${number}`)) : theirs
    return { ours, theirs, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {Record<string, string>} environment
 */
function start(program, args, environment) {
  const child = spawn(program, args, { env: { ...process.env, ...environment }, stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => child.once('close', resolve).once('error', resolve))
  const answers = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const nextAnswer = async () => {
    const { value, done } = await answers.next()
    if (done) throw new Error(`${[program, ...args].join(' ')} ended unexpectedly; its output is above`)
    return JSON.parse(value)
  }
  // A benchmark that is interrupted takes its children along.
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  return {
    async peer() {
      const { name, release } = await nextAnswer()
      const ask = (/** @type {(string | number)[]} */ ...words) => {
        child.stdin.write(`${words.join(' ')}\n`)
        return nextAnswer()
      }
      return { name, release, ask }
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        child.stdin.on('error', () => {}).end()
        const timer = setTimeout(kill, program === 'epmd' ? 0 : 5_000)
        await ended
        clearTimeout(timer)
      }
      process.off('exit', kill)
    },
  }
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {net.AddressInfo} */ (server.address())
      server.close(() => resolve(port))
    })
  })
}

/** NAMES_REQ of the EPMD protocol. */
const namesRequest = Uint8Array.of(0, 1, 110)

/** @param {number} port */
async function listening(port) {
  for (let attempt = 0; attempt < 500; attempt++) {
    const answered = await new Promise((resolve) => {
      const socket = net.connect(port, '127.0.0.1', () => socket.write(namesRequest))
      socket.once('error', () => resolve(false)).once('data', () => resolve(true))
      socket.once('data', () => socket.destroy())
    })
    if (answered) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`EPMD does not listen on port ${port}`)
}
