/**
 * One Tiebeam node of the benchmark of process groups: node tiebeam-node.mjs <name> <cookie> <EPMD port>
 *
 * It takes the same commands as otp_node.erl, which says what they are.
 */
import readline from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { atom, Node } from '@tiebeam/distribution'
import { Groups } from '@tiebeam/kernel'

/** @import { Pid } from '@tiebeam/distribution' */

const [name = '', cookie = '', epmdPort = ''] = process.argv.slice(2)
const node = await Node.start({ name, cookie, epmd: { port: Number(epmdPort) } })

/** @type {Groups | undefined} */
let groups
/** @type {Pid[]} */
const processes = []

async function start() {
  await groups?.stop()
  groups = await Groups.start(node, { scope: 'bench_scope' })
  return groups
}

/** @type {(number: number) => string} */
const nameOf = (number) => `group-${number}`

/** @type {(count: number, each: number) => Promise<void>} */
async function fill(count, each) {
  const started = await start()
  while (processes.length < count * each) processes.push(node.spawn((self) => self.receive()))
  for (let number = 1; number <= count; number++) {
    started.join(nameOf(number), processes.slice((number - 1) * each, number * each))
  }
}

/** @type {(count: number, each: number) => Promise<number>} */
async function sync(count, each) {
  await groups?.stop()
  globalThis.gc?.()
  const begin = process.hrtime.bigint()
  const started = await start()
  while (started.stats().memberships < count * each) await sleep(1)
  const elapsed = Number(process.hrtime.bigint() - begin)
  for (let number = 1; number <= count; number++) {
    if (started.members(nameOf(number)).length !== each) throw new Error(`${nameOf(number)} lacks members`)
  }
  return elapsed
}

async function echo() {
  const monitor = (await start()).monitorScope()
  void (async () => {
    for await (const { type, pids } of monitor) {
      for (const pid of pids) if (type === 'join' && pid.node !== node.name) node.send(pid, atom('joined'))
    }
  })()
}

/** @type {(count: number, nodes: number) => Promise<number[]>} */
async function joins(count, nodes) {
  const started = await start()
  // The scopes find each other first.
  await sleep(200)
  const samples = []
  for (let number = 1; number <= count; number++) {
    samples.push(
      await new Promise((resolve) => {
        node.spawn(async (self) => {
          const begin = process.hrtime.bigint()
          started.join(nameOf(number), self.pid)
          for (let left = nodes; left > 0; left--) await self.receive()
          resolve(Number(process.hrtime.bigint() - begin))
        })
      }),
    )
    await sleep(1)
  }
  return samples
}

/** @param {unknown} value */
const answer = (value) => process.stdout.write(`${JSON.stringify(value)}\n`)
answer({ name: node.name, release: process.version })
for await (const line of readline.createInterface({ input: process.stdin })) {
  const [command, first = '', second = ''] = line.split(' ')
  let elapsedNs = 0
  if (command === 'connect') await node.connect(first)
  else if (command === 'fill') await fill(Number(first), Number(second))
  else if (command === 'sync') elapsedNs = await sync(Number(first), Number(second))
  else if (command === 'echo') await echo()
  else if (command === 'stop') await groups?.stop()
  else if (command !== 'join') break
  answer(command === 'join' ? { elapsedNs, roundTripsNs: await joins(Number(first), Number(second)) } : { elapsedNs })
}
await node.stop()
