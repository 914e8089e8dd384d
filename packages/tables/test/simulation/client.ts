import type { Outcome } from '../../src/replica/event.ts'
import { exactly, type Read } from '../../src/store/read.ts'
import type { Write } from '../../src/store/write.ts'
import { type ClientTransaction, GROUPS, groupOf, type Seen, TABLE } from './history.ts'
import type { SimulatedProcess } from './process.ts'
import type { Simulation } from './simulation.ts'

interface Attempt {
  readonly snapshot: number
  readonly seen: readonly Seen[]
  readonly reads: readonly Read[]
}

/** An application on one process: it reads, writes, runs transactions and asks for fences, one after the other and side by side. */
export class Client {
  readonly #simulation: Simulation
  readonly #process: SimulatedProcess

  constructor(simulation: Simulation, process: SimulatedProcess) {
    this.#simulation = simulation
    this.#process = process
    this.#schedule()
  }

  #schedule(): void {
    const { queue, random, profile } = this.#simulation
    queue.after(1 + random.integer(profile.clientMs * 2), () => {
      if (!this.#process.isAlive || this.#simulation.isQuiet) return
      if (!this.#process.isPaused) this.#act()
      this.#schedule()
    })
  }

  #act(): void {
    const { replica } = this.#process
    const { random } = this.#simulation
    if (!replica.isReadable || !replica.isMember) return
    this.#readLocally()
    const kind = random.integer(10)
    if (kind < 3) this.#sync()
    else if (kind < 5) this.#readOnly()
    else this.#transact(kind)
  }

  /** Local reads show a committed prefix, at any time. */
  #readLocally(): void {
    const { copy } = this.#process.replica
    const history = this.#simulation.checker.history(copy.identity ?? '')
    const key = this.#simulation.random.integer(this.#simulation.profile.keys)
    history.assertSeen([this.#seeRow(key)], copy.applied, `a local read at ${this.#process.uid}`)
  }

  #sync(): void {
    const { checker } = this.#simulation
    const { identity } = this.#process.replica.copy
    if (identity === undefined) return
    const before = checker.history(identity).length
    this.#process.call({ type: 'sync', call: this.#simulation.nextCall() }, (outcome) => {
      this.#synced(outcome, identity, before)
    })
  }

  #synced(outcome: Outcome, identity: string, before: number): void {
    if (outcome.type !== 'synced' || this.#process.replica.copy.identity !== identity) return
    const { checker, coverage } = this.#simulation
    coverage.add('synced')
    if (outcome.index < before)
      checker.fail(10, `sync() at ${this.#process.uid} shows ${outcome.index} of ${before} committed before`)
  }

  /** A transaction that writes nothing reports what it read only after its reads were validated. */
  #readOnly(): void {
    const { checker, coverage, validatesReads } = this.#simulation
    const { identity } = this.#process.replica.copy
    if (identity === undefined) return
    const history = checker.history(identity)
    const before = history.length
    const { snapshot, seen, reads } = this.#look()
    if (!validatesReads) {
      if (snapshot < before && !this.#holdsSince(seen, identity, before)) {
        checker.fail('strict serializability', `a transaction that wrote nothing saw what was over before it began`)
      }
      return
    }
    this.#process.call({ type: 'validate', call: this.#simulation.nextCall(), snapshot, reads }, (outcome) => {
      if (outcome.type !== 'synced' || this.#process.replica.copy.identity !== identity) return
      coverage.add('validated')
      if (outcome.index < before)
        checker.fail(10, `a validation at ${this.#process.uid} rests on ${outcome.index} of ${before}`)
      history.assertSeen(seen, outcome.index, `a transaction without writes at ${this.#process.uid}`)
    })
  }

  #holdsSince(seen: readonly Seen[], identity: string, before: number): boolean {
    try {
      this.#simulation.checker.history(identity).assertSeen(seen, before, '')
      return true
    } catch {
      return false
    }
  }

  #transact(kind: number): void {
    const { checker } = this.#simulation
    const { identity } = this.#process.replica.copy
    if (identity === undefined) return
    const committedBefore = checker.history(identity).length
    const id = this.#simulation.nextCall()
    const transaction: ClientTransaction = {
      id,
      attempt: 0,
      seen: [],
      committedBefore,
      told: undefined,
      committedAttempt: undefined,
    }
    checker.transactions.set(id, transaction)
    this.#attempt(transaction, kind)
  }

  #attempt(transaction: ClientTransaction, kind: number): void {
    const { random, profile, coverage } = this.#simulation
    const isBlind = kind < 7
    const { snapshot, seen, reads } = isBlind ? { snapshot: 0, seen: [], reads: [] } : this.#look()
    transaction.attempt += 1
    transaction.seen = seen
    const { id, attempt } = transaction
    const row = { transaction: id, attempt, value: `${id}.${attempt}`, group: groupOf(id) }
    const ttl = random.chance(0.05) ? { ttlMs: random.integer(1, 400) } : {}
    const writes: Write[] = [{ type: 'put', table: TABLE, key: random.integer(profile.keys), row, ...ttl }]
    if (random.chance(0.3)) writes.push({ type: 'delete', table: TABLE, key: random.integer(profile.keys) })
    if (random.chance(0.02)) writes.push({ type: 'clear', table: TABLE })
    this.#process.call({ type: 'transact', call: transaction.id, snapshot, reads, writes }, (outcome) => {
      coverage.add(outcome.type === 'refused' ? outcome.reason : outcome.type)
      if (outcome.type === 'conflict') {
        const { replica } = this.#process
        if (transaction.attempt < profile.attemptsMax && replica.isReadable) return this.#attempt(transaction, kind)
        this.#process.hand({ type: 'abandon', call: transaction.id })
      }
      this.#told(transaction, outcome.type)
    })
  }

  #told(transaction: ClientTransaction, told: Outcome['type']): void {
    const { checker } = this.#simulation
    transaction.told = told
    if (told === 'committed' && transaction.committedAttempt === undefined) {
      checker.fail('durability', `transaction ${transaction.id} is reported as committed, and is not`)
    }
    if (told !== 'committed' && told !== 'unknown' && transaction.committedAttempt !== undefined) {
      checker.fail(9, `transaction ${transaction.id} is committed, and its client was told ${told}`)
    }
  }

  #look(): Attempt {
    const { random, profile } = this.#simulation
    const { copy } = this.#process.replica
    const snapshot = copy.applied
    const seen: Seen[] = [this.#seeRow(random.integer(profile.keys))]
    if (random.chance(0.4)) seen.push(this.#seeRow(random.integer(profile.keys)))
    if (random.chance(0.3)) {
      const from = random.integer(profile.keys)
      const to = from + random.integer(3)
      const found = copy.store.range(TABLE, { from: { key: from, inclusive: true }, to: { key: to, inclusive: true } })
      const rows = [...found].map(({ key, row }) => [Number(key), String(row.value)] as const)
      seen.push({ type: 'range', from, to, rows })
    }
    if (random.chance(0.2)) seen.push(this.#seeGroup(random.integer(GROUPS)))
    return { snapshot, seen, reads: seen.flatMap(readsOf) }
  }

  #seeGroup(group: number): Seen {
    const found = this.#process.replica.copy.store.find(TABLE, 'group', exactly(group)) ?? []
    return { type: 'group', group, rows: found.map(({ key, row }) => [Number(key), String(row.value)] as const) }
  }

  #seeRow(key: number): Seen {
    return { type: 'row', key, value: this.#valueOf(key) }
  }

  #valueOf(key: number): string | undefined {
    const row = this.#process.replica.copy.store.get(TABLE, key)
    return row === undefined ? undefined : String(row.value)
  }
}

function readsOf(seen: Seen): Read[] {
  switch (seen.type) {
    case 'row':
      return [{ type: 'row', table: TABLE, key: seen.key }]
    case 'range': {
      const range = { from: { key: seen.from, inclusive: true }, to: { key: seen.to, inclusive: true } }
      return [{ type: 'range', table: TABLE, range }]
    }
    case 'group': {
      const rows = seen.rows.map(([key]): Read => ({ type: 'row', table: TABLE, key }))
      return [{ type: 'index', table: TABLE, fields: ['group'], range: exactly(seen.group) }, ...rows]
    }
  }
}
