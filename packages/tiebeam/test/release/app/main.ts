/** What a release has to carry: a server, a program of the system, a thread, metrics (CommonJS), and a file. */
import { readFileSync } from 'node:fs'
import { GenServer, program, start } from 'tiebeam'
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

let tellLine: (line: string) => void = () => {}
const fromProgram = new Promise<string>((resolve) => {
  tellLine = resolve
})
const app = await start({
  port: Number(process.env.APP_PORT),
  httpPort: 0,
  node: { epmd: false },
  expose: { shop: { price: (article: string) => article.length } },
  children: [
    program({
      command: 'sh',
      args: ['-c', 'echo ready $((6 * 7)); exec sleep 600'],
      output: ({ text }) => tellLine(text),
    }),
  ],
})
const counter = await Counter.start(app.node)
const metrics = await app.metrics?.metrics()
const lines = [
  `counter ${await counter.call('add', 3)}`,
  `program ${await fromProgram}`,
  `thread ${await double(21)}`,
  `file ${readFileSync(new URL('./greeting.txt', import.meta.url), 'utf8').trim()}`,
  `metrics ${/^# TYPE/m.test(metrics ?? '')}`,
  `cookie ${process.env.RELEASE_COOKIE?.length} arguments ${process.argv.slice(2).join(' ')}`,
]

console.log(`${lines.join('\n')}\nstarted`)
