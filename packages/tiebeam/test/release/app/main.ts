/** What a release has to carry: a server, a program of the system, a thread, a CommonJS package, and a file. */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Node } from '@tiebeam/distribution'
import { GenServer, program, Supervisor } from '@tiebeam/otp'
import { Registry } from 'prom-client'
import { listen } from './control-channel.ts'
import { double } from './workers/start-doubler.ts'

class Counter extends GenServer {
  #total = 0

  override readonly calls = {
    add: (amount: number) => {
      this.#total += amount
      return this.#total
    },
  }
}

const node = await Node.start({
  name: `${process.env.RELEASE_NAME}@127.0.0.1`,
  cookie: process.env.RELEASE_COOKIE ?? 'none',
  epmd: false,
  port: Number(process.env.APP_PORT),
})
const counter = await Counter.start(node)
const fromProgram = new Promise<string>((resolve, reject) => {
  const child = program({
    command: 'sh',
    args: ['-c', 'echo ready $((6 * 7)); exec sleep 600'],
    output: ({ text }) => resolve(text),
  })
  Supervisor.start(node, { children: [child] }).catch(reject)
})
const metrics = await new Registry().metrics()
console.log('counter', await counter.call('add', 3))
console.log('program', await fromProgram)
console.log('thread', await double(21))
console.log('file', readFileSync(new URL('./greeting.txt', import.meta.url), 'utf8').trim())
console.log('metrics', JSON.stringify(metrics))
console.log('cookie', process.env.RELEASE_COOKIE?.length, 'arguments', process.argv.slice(2).join(' '))

async function stop(why: string): Promise<void> {
  console.log('stopping by', why)
  await node.stop()
  process.exit(0)
}

const socket = join(process.env.TIEBEAM_RUN_DIRECTORY ?? '.', 'control.sock')
rmSync(socket, { force: true })
await listen((verb, argument) => {
  if (verb === 'pid') return `${process.pid}\n`
  if (verb === 'stop') void stop('the control socket')
  return verb === 'stop' ? '' : `${verb} ${argument}\n`
})
process.once('SIGTERM', () => void stop('SIGTERM'))
console.log('started')
