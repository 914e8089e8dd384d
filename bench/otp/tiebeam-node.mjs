/**
 * One Tiebeam node of the otp benchmark: node tiebeam-node.mjs <name> <cookie> <EPMD port>
 *
 * It takes the same commands and has the same servers and functions as otp_node.erl, so that either can be the other's peer.
 */
import readline from 'node:readline'
import { GroupRef, Router } from '@tiebeam/cluster'
import { atom, Node } from '@tiebeam/distribution'
import { Groups, Rpc } from '@tiebeam/kernel'
import { GenServer, Supervisor, serverRef, workerChild } from '@tiebeam/otp'

/** @import { Process } from '@tiebeam/distribution' */

const [name = '', cookie = '', epmdPort = ''] = process.argv.slice(2)
const node = await Node.start({ name, cookie, epmd: { port: Number(epmdPort) } })

class Doubler extends GenServer {
  calls = { double: (/** @type {number} */ number) => 2 * number }
}
const doubler = await Doubler.start(node, { name: 'doubler' })
const groups = await Groups.start(node, { discoverMs: 100 })
if (doubler.pid !== undefined) groups.join(name, doubler.pid)
const router = new Router(groups)
const rpc = await Rpc.start(node, { expose: { otp_node: { double: (/** @type {number} */ number) => 2 * number } } })

/**
 * @param {number} count
 * @param {number} inflight
 * @param {(self: Process) => (number: number) => Promise<unknown>} callerOf
 */
async function concurrently(count, inflight, callerOf) {
  const begin = process.hrtime.bigint()
  const each = Math.floor(count / inflight)
  const callers = Array.from({ length: inflight }, (_, caller) =>
    inProcess(async (self) => {
      const call = callerOf(self)
      for (let number = caller * each; number < (caller + 1) * each; number++) {
        const doubled = await call(number)
        if (doubled !== 2 * number) throw new Error(`twice ${number} is not ${doubled}`)
      }
    }),
  )
  await Promise.all(callers)
  return Number(process.hrtime.bigint() - begin)
}

/** @param {number} count */
async function restarts(count) {
  /** @type {(pid: import('@tiebeam/distribution').Pid) => void} */
  let started = () => {}
  const next = () => new Promise((resolve) => (started = resolve))
  const first = next()
  const run = (/** @type {Process} */ self) => {
    started(self.pid)
    return self.receive()
  }
  const children = [workerChild({ id: 'child', run })]
  const supervisor = await Supervisor.start(node, { children, restartsMax: 1_000_000, withinMs: 1_000 })
  let child = await first
  const begin = process.hrtime.bigint()
  for (let left = count; left > 0; left--) {
    const restarted = next()
    node.exit(child, atom('crash'))
    child = await restarted
  }
  const elapsed = Number(process.hrtime.bigint() - begin)
  await supervisor.stop()
  return elapsed
}

/** @type {<T>(run: (self: Process) => Promise<T>) => Promise<T>} */
function inProcess(run) {
  return new Promise((resolve, reject) => {
    node.spawn((self) => run(self).then(resolve, reject))
  })
}

const answer = (/** @type {unknown} */ value) => process.stdout.write(`${JSON.stringify(value)}\n`)
answer({ name: node.name, release: process.version })
for await (const line of readline.createInterface({ input: process.stdin })) {
  const [command, peer = '', ...args] = line.split(' ')
  const [count = 0, inflight = 0] = args.map(Number)
  if (command === 'calls') {
    const server = { name: 'doubler', node: peer }
    const callerOf = (/** @type {Process} */ self) => {
      const doubler = /** @type {import('@tiebeam/otp').ServerRef<Doubler>} */ (serverRef(self, server))
      return (/** @type {number} */ number) => doubler.call('double', number)
    }
    answer({ elapsedNs: await concurrently(count, inflight, callerOf) })
  } else if (command === 'group') {
    await node.connect(peer)
    const doublers = /** @type {GroupRef<Doubler>} */ (new GroupRef(router, peer))
    // Not measured: the members of a node that was just connected are not known at once.
    await doublers.with({ timeoutMs: 30_000 }).call('double', 1)
    const call = (/** @type {number} */ number) => doublers.call('double', number)
    answer({ elapsedNs: await concurrently(count, inflight, () => call) })
  } else if (command === 'erpc') {
    const call = (/** @type {number} */ number) => rpc.call(peer, 'otp_node', 'double', [number])
    answer({ elapsedNs: await concurrently(count, inflight, () => call) })
  } else if (command === 'restarts') answer({ elapsedNs: await restarts(count) })
  else break
}
await node.stop()
