/** A node with tables and clients that use them, in a process of its own. Its one argument is a `MemberInit`; it prints `MemberLine`s. */
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { Node } from '@tiebeam/distribution'
import { type OpenedTables, openTables, TablesError, table } from '@tiebeam/tables'
import { Random, RecordingLogger } from '@tiebeam/testing'
import { COOKIE, type MemberInit, type MemberLine, PORT, type PrintedStep } from './member-protocol.ts'
import { registerKind } from './register-kind.ts'

interface List {
  readonly id: string
  readonly values: readonly number[]
}

const definitions = { lists: table<List>({ key: 'id' }) }
const KEYS = 4
/** After so many values a list is left alone, and another one is begun. */
const LIST_VALUES_MAX = 60
const UNKNOWN: ReadonlySet<unknown> = new Set(['OUTCOME_UNKNOWN'])

const init = JSON.parse(process.argv[2] ?? '') as MemberInit
let isQuiet = false
let running = 0
let sequence = 0

function print(line: MemberLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

class PrintingLogger extends RecordingLogger {
  protected override write(level: string, message: string): void {
    if (message.startsWith('tables')) print({ type: 'log', level, message })
  }
}

type Site = OpenedTables<typeof definitions>

class Client {
  readonly #name: string
  readonly #random: Random
  readonly #tables: Site
  readonly #seen = new Map<string, number>()
  /** Which list of each place is written now. */
  readonly #generations = new Map<number, number>()

  constructor(tables: Site, name: string, random: Random) {
    this.#tables = tables
    this.#name = name
    this.#random = random
  }

  async run(): Promise<void> {
    running += 1
    while (!isQuiet) {
      const isDone = await this.#transact()
      this.#readLocally()
      await sleep(isDone ? this.#random.integer(1, 10) : 20)
    }
    running -= 1
    if (running === 0) print({ type: 'quiet' })
  }

  async #transact(): Promise<boolean> {
    sequence += 1
    const id = `${process.pid}.${sequence}`
    const places = [...new Set([this.#random.integer(KEYS), this.#random.integer(KEYS)])]
    const steps: PrintedStep[] = places.map((place) => ({
      key: `${place}/${this.#generations.get(place) ?? 0}`,
      // Unique among all processes, and a safe integer.
      append: this.#random.chance(0.6) ? sequence * 10_000_000 + process.pid : undefined,
    }))
    print({ type: 'invoked', id, client: this.#name, atNs: String(process.hrtime.bigint()), steps })
    try {
      const done = await this.#tables.transaction((tx) =>
        steps.map(({ key, append }) => {
          const read = tx.lists.get(key)?.values ?? []
          if (append !== undefined) tx.lists.put({ id: key, values: [...read, append] })
          return { key, append, read }
        }),
      )
      print({ type: 'returned', id, atNs: String(process.hrtime.bigint()), outcome: 'ok', steps: done })
      for (const [index, { read }] of done.entries()) {
        const place = places[index] as number
        if (read.length >= LIST_VALUES_MAX) this.#generations.set(place, (this.#generations.get(place) ?? 0) + 1)
      }
      return true
    } catch (error) {
      const code = error instanceof TablesError ? error.code : String(error)
      const outcome = error instanceof TablesError && !UNKNOWN.has(code) ? 'failed' : 'unknown'
      print({ type: 'returned', id, atNs: String(process.hrtime.bigint()), outcome, error: code, steps })
      return false
    }
  }

  /** Local reads may trail, but never go back. */
  #readLocally(): void {
    const key = `${this.#random.integer(KEYS)}/0`
    const { length } = this.#tables.lists.get(key)?.values ?? []
    const before = this.#seen.get(key) ?? 0
    if (length < before)
      print({ type: 'violation', what: `${this.#name} saw ${before} values at ${key}, and then ${length}` })
    this.#seen.set(key, length)
  }
}

const node = await Node.start({
  name: init.name,
  cookie: COOKIE,
  epmd: false,
  port: PORT,
  logger: new PrintingLogger(),
})

async function dial(): Promise<void> {
  for (;;) {
    for (const name of init.nodes) if (name !== init.name) void node.connect(name).catch(() => {})
    await sleep(300)
  }
}

void dial()
const tables = await openTables(node, definitions, { authority: registerKind(init.registerNode) })
print({ type: 'opened' })
const clients = Array.from({ length: init.clients }, (_, index) => {
  return new Client(tables, `${init.name}/${process.pid}/${index}`, new Random(init.seed, index))
})
for (const client of clients) void client.run()

const commands: Readonly<Record<string, () => Promise<void>>> = {
  quiet: async () => {
    isQuiet = true
    if (clients.length === 0) print({ type: 'quiet' })
  },
  status: async () => print({ type: 'status', status: tables.status }),
  reset: async () => {
    await tables.reset({ keep: true })
    print({ type: 'reset' })
  },
  lists: async () => {
    await tables.sync()
    print({ type: 'lists', lists: tables.lists.all().map(({ id, values }) => [id, values]) })
  },
  stop: async () => {
    isQuiet = true
    await tables.stop()
    await node.stop()
    process.exit(0)
  },
}
createInterface(process.stdin).on('line', (line) => {
  commands[line]?.().catch((error: unknown) => print({ type: 'log', level: 'error', message: `${line}: ${error}` }))
})
