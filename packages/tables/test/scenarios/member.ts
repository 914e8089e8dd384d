/** A node with tables and clients that use them, in a process of its own. Its one argument is a `MemberInit`; it prints `MemberLine`s. */
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { Node } from '@tiebeam/distribution'
import { type OpenedTables, openTables, TablesError, table } from '@tiebeam/tables'
import { Random, RecordingLogger } from '@tiebeam/testing'
import { authorityOptions } from './authority/member-authority.ts'
import { COOKIE, type MemberInit, type MemberLine, PORT, type PrintedStep } from './member-protocol.ts'

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
    const places = [...new Set([this.#random.integer(KEYS), this.#random.integer(KEYS)])]
    const keys = places.map((place) => `${place}/${this.#generations.get(place) ?? 0}`)
    const done = this.#random.chance(0.2) ? await this.#readSynced(keys) : await this.#append(keys)
    for (const [index, { read = [] }] of (done ?? []).entries()) {
      const place = places[index] as number
      if (read.length >= LIST_VALUES_MAX) this.#generations.set(place, (this.#generations.get(place) ?? 0) + 1)
    }
    return done !== undefined
  }

  /** What is read here after `sync` is as new as what a transaction reads. */
  #readSynced(keys: readonly string[]): Promise<readonly PrintedStep[] | undefined> {
    const steps = keys.map((key) => ({ key, append: undefined }))
    return this.#record(steps, async () => {
      await this.#tables.sync()
      return steps.map((step) => ({ ...step, read: this.#tables.lists.get(step.key)?.values ?? [] }))
    })
  }

  /** As a client that comes for this alone. */
  witness(): Promise<readonly PrintedStep[] | undefined> {
    return this.#record([], async () => {
      await this.#tables.sync()
      return this.#tables.lists.all().map(({ id, values }) => ({ key: id, append: undefined, read: values }))
    })
  }

  #append(keys: readonly string[]): Promise<readonly PrintedStep[] | undefined> {
    // Unique among all processes, and a safe integer.
    const value = (sequence + 1) * 10_000_000 + process.pid
    const steps = keys.map((key) => ({ key, append: this.#random.chance(0.6) ? value : undefined }))
    return this.#record(steps, () =>
      this.#tables.transaction((tx) =>
        steps.map(({ key, append }) => {
          const read = tx.lists.get(key)?.values ?? []
          if (append !== undefined) tx.lists.put({ id: key, values: [...read, append] })
          return { key, append, read }
        }),
      ),
    )
  }

  /** Does it, and prints when it began and what came of it. Undefined when it was not done, or nobody knows. */
  async #record(
    steps: readonly PrintedStep[],
    work: () => Promise<readonly PrintedStep[]>,
  ): Promise<readonly PrintedStep[] | undefined> {
    sequence += 1
    const id = `${process.pid}.${sequence}`
    print({ type: 'invoked', id, client: this.#name, atNs: String(process.hrtime.bigint()), steps })
    try {
      const done = await work()
      print({ type: 'returned', id, atNs: String(process.hrtime.bigint()), outcome: 'ok', steps: done })
      return done
    } catch (error) {
      const code = error instanceof TablesError ? error.code : String(error)
      const outcome = error instanceof TablesError && !UNKNOWN.has(code) ? 'failed' : 'unknown'
      print({ type: 'returned', id, atNs: String(process.hrtime.bigint()), outcome, error: code, steps })
      return undefined
    }
  }

  /** Local reads may trail, but never go back. */
  #readLocally(): void {
    const key = `${this.#random.integer(KEYS)}/0`
    const length = this.#lengthOf(key)
    if (length === undefined) return
    const before = this.#seen.get(key) ?? 0
    if (length < before)
      print({ type: 'violation', what: `${this.#name} saw ${before} values at ${key}, and then ${length}` })
    this.#seen.set(key, length)
  }

  /** Undefined while this process holds nothing, having met another cluster. */
  #lengthOf(key: string): number | undefined {
    try {
      return this.#tables.lists.get(key)?.values.length ?? 0
    } catch (error) {
      if (error instanceof TablesError && error.code === 'NOT_A_MEMBER') return undefined
      throw error
    }
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
const tables = await openTables(node, definitions, {
  ...authorityOptions(init.authority, init.pod),
  // More often than by default, for the test waits until it is noticed that the record went back.
  replica: { authorityReadMs: 1000 },
})
print({ type: 'opened' })
let clients = 0
for (let index = 0; index < init.clients; index += 1) void newClient().run()

function newClient(): Client {
  clients += 1
  return new Client(tables, `${init.name}/${process.pid}/${clients}`, new Random(init.seed, clients))
}

const commands: Readonly<Record<string, () => Promise<void>>> = {
  quiet: async () => {
    isQuiet = true
    if (running === 0) print({ type: 'quiet' })
  },
  status: async () => print({ type: 'status', status: tables.status }),
  reset: async () => {
    await tables.reset({ keep: true })
    print({ type: 'reset' })
  },
  lists: async () => {
    const read = await newClient().witness()
    if (read !== undefined) print({ type: 'lists', lists: read.map(({ key, read: values = [] }) => [key, values]) })
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
