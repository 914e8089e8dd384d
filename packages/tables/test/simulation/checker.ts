import { isIn, type Uid, type View } from '../../src/member.ts'
import type { Entry } from '../../src/replica/entry.ts'
import type { Effect } from '../../src/replica/event.ts'
import type { Message } from '../../src/replica/message.ts'
import type { ReplicaSettings } from '../../src/replica/settings.ts'
import type { SimulatedAuthority } from './authority.ts'
import type { Coverage } from './coverage.ts'
import { type ClientTransaction, History, TABLE } from './history.ts'
import type { SimulatedProcess } from './process.ts'
import { Violation } from './violation.ts'

interface Watched {
  readonly process: SimulatedProcess
  epoch: number
  applied: number
  copy: unknown
  /** The epoch in which it was last seen to lead. */
  led: number
  /** Whether it was in a view whose primary it had not heard, in its last step. */
  wasUnaligned: boolean
}

/** Looks at every member after every step of it: whether the rules hold, and whether what is committed is one history. */
export class Checker {
  readonly transactions = new Map<number, ClientTransaction>()
  readonly #authority: SimulatedAuthority
  readonly #coverage: Coverage
  readonly #histories = new Map<string, History>()
  readonly #watched = new Map<Uid, Watched>()

  /** Without, only what an application could see is looked at: what is committed, shown and told. */
  readonly #assertsRules: boolean
  readonly #settings: ReplicaSettings

  constructor(authority: SimulatedAuthority, coverage: Coverage, settings: ReplicaSettings, assertsRules: boolean) {
    this.#settings = settings
    this.#authority = authority
    this.#coverage = coverage
    this.#assertsRules = assertsRules
  }

  fail(rule: number | string, message: string): never {
    throw new Violation(rule, message)
  }

  history(identity: string): History {
    const known = this.#histories.get(identity)
    if (known !== undefined) return known
    const history = new History(this.transactions)
    this.#histories.set(identity, history)
    return history
  }

  created(uid: Uid, process: SimulatedProcess): void {
    this.#watched.set(uid, { process, epoch: 0, applied: 0, copy: undefined, led: 0, wasUnaligned: false })
  }

  stepped(process: SimulatedProcess, effects: readonly Effect[] = []): void {
    const { replica, uid } = process
    const watched = this.#watched.get(uid)
    const { view, copy } = replica
    if (watched === undefined) return
    if (view !== undefined) {
      if (view.epoch < watched.epoch) this.fail(3, `${uid} went back from epoch ${watched.epoch} to ${view.epoch}`)
      if (view !== this.#authority.history.get(view.epoch))
        this.fail(1, `${uid} has a view of epoch ${view.epoch} of its own`)
      watched.epoch = view.epoch
    }
    // Views begin with an entry of their own, also when there is no room.
    const { logEntriesMax, storeBytesMax } = this.#settings
    if (copy.log.length > logEntriesMax + 20) this.fail('bounded log', `${uid} keeps ${copy.log.length} entries`)
    const { bytes } = copy.store
    if (copy.isWhole && bytes > storeBytesMax) this.fail('bounded memory', `the rows at ${uid} take ${bytes} bytes`)
    if (replica.isPrimary && view !== undefined && watched.led !== view.epoch) {
      watched.led = view.epoch
      this.#leads(process, view.epoch)
      if (watched.wasUnaligned) this.#coverage.add('unalignedTakeover')
    }
    watched.wasUnaligned = replica.isMember && !replica.isAligned
    if (watched.copy !== copy) {
      watched.copy = copy
      // The base of a snapshot, or what an earlier incarnation applied, is committed; that it is the same is checked by the rows.
      watched.applied = copy.applied === 0 ? 0 : Math.min(copy.applied, copy.log.base.index)
    }
    this.#applied(process, watched, effects)
  }

  /** Every member shows what the model says. */
  assertRows(processes: readonly SimulatedProcess[], keys: number): void {
    for (const { replica, uid } of processes) {
      const { copy } = replica
      for (let key = 0; key < keys; key += 1) {
        const row = copy.store.get(TABLE, key)
        const value = row === undefined ? undefined : String(row.value)
        this.history(copy.identity ?? '').assertSeen([{ type: 'row', key, value }], copy.applied, uid)
      }
    }
  }

  /** Rule 3, and rule 8: what is acknowledged is the primary's. */
  sends(process: SimulatedProcess, message: Message): void {
    if (!this.#assertsRules || (message.type !== 'acknowledge' && message.type !== 'mismatch')) return
    const { replica, uid } = process
    if (message.epoch < (replica.view?.epoch ?? 0))
      this.fail(3, `${uid} answers epoch ${message.epoch} after ${replica.view?.epoch}`)
    if (message.type === 'mismatch') return
    const primary = this.#watched.get(message.to)?.process
    if (primary?.isAlive !== true || primary.uid !== message.to || primary.replica.view?.epoch !== message.epoch) return
    // A witness may not have heard the primary yet.
    if (!primary.replica.isPrimary) return
    const expected = primary.replica.copy.log.epochAt(message.matched)
    const held = replica.copy.log.epochAt(message.matched)
    if (expected !== undefined && held !== undefined && held !== expected) {
      this.fail(
        8,
        `${uid} acknowledges ${message.matched} of epoch ${held}; at ${message.to} it is of epoch ${expected}`,
      )
    }
  }

  /** Rule 4: a primary comes from the last view, and so holds all that was ever committed. */
  #leads(process: SimulatedProcess, epoch: number): void {
    const { replica, uid } = process
    const { view, copy } = replica
    if (view === undefined) return
    const before = this.#authority.history.get(epoch - 1)
    this.#coverage.add(epoch > 1 && before?.primary !== uid ? 'takeover' : 'viewOfSamePrimary')
    if (!this.#assertsRules) return
    const continues = before !== undefined && before.identity === view.identity && before.members.length > 0
    if (continues && !isIn(before, uid)) this.fail(4, `${uid} leads epoch ${epoch}, and was not in the view before`)
    const history = this.history(view.identity)
    const { committed } = history
    const length = history.lengthBefore(epoch)
    const own = copy.log.lastIndex
    if (own < length) this.fail(4, `${uid} leads epoch ${epoch} with ${own} entries of ${length} committed`)
    for (let index = copy.log.base.index + 1; index <= length; index += 1) {
      if (copy.log.epochAt(index) !== committed[index - 1]?.epoch)
        this.fail(4, `${uid} leads with another entry ${index}`)
    }
  }

  /** Rule 6: all apply the same entries in the same order, and not before all of the view hold them. */
  #applied(process: SimulatedProcess, watched: Watched, effects: readonly Effect[]): void {
    const { replica, uid } = process
    const { copy, view } = replica
    if (copy.identity === undefined) return
    const history = this.history(copy.identity)
    if (copy.applied < watched.applied) this.fail(6, `${uid} went back from ${watched.applied} to ${copy.applied}`)
    for (let index = watched.applied + 1; index <= copy.applied; index += 1) {
      const entry = copy.log.at(index) ?? findApplied(effects, index)
      if (entry === undefined) this.fail(6, `${uid} applied entry ${index} unseen`)
      const committed = history.committed[index - 1]
      if (committed === undefined) this.#commit(process, history, entry)
      else if (committed.epoch !== entry.epoch || committed.body !== entry.body) {
        this.fail(
          6,
          `${uid} applies entry ${index} of epoch ${entry.epoch}, committed is one of epoch ${committed.epoch} (view ${view?.epoch})`,
        )
      }
    }
    watched.applied = copy.applied
  }

  #commit(process: SimulatedProcess, history: History, entry: Entry): void {
    const { replica, uid } = process
    const { view } = replica
    if (view === undefined) this.fail(6, `${uid} applies entry ${entry.index}, and knows no view`)
    // A writer that counts for itself is before its primary.
    if (!replica.isPrimary) this.#coverage.add('witnessed')
    if (entry.index !== history.length + 1) this.fail(6, `entry ${entry.index} is committed after ${history.length}`)
    this.#assertHeld(view, entry)
    history.commit(entry, view.epoch)
    if (entry.body.type === 'expiry' || entry.body.type === 'forget') this.#coverage.add(entry.body.type)
  }

  #assertHeld(view: View, entry: Entry): void {
    if (!this.#assertsRules) return
    for (const member of view.members) this.#assertHolds(2, member.uid, entry)
    const standing = this.#authority.register.view
    if (standing !== undefined && standing.identity === view.identity && standing.epoch > view.epoch) {
      // It may not know that view yet; whoever is in it must hold the entry all the same.
      for (const member of standing.members) this.#assertHolds(5, member.uid, entry)
    }
  }

  #assertHolds(rule: number, uid: Uid, entry: Entry): void {
    const process = this.#watched.get(uid)?.process
    if (process?.isAlive !== true || process.uid !== uid) return
    const { log } = process.replica.copy
    if (log.base.index >= entry.index || log.epochAt(entry.index) === entry.epoch) return
    this.fail(rule, `entry ${entry.index} of epoch ${entry.epoch} is committed, and ${uid} does not hold it`)
  }
}

/** One that was forgotten in the same step in which it was applied. */
function findApplied(effects: readonly Effect[], index: number): Entry | undefined {
  for (const effect of effects) {
    const found = effect.type === 'applied' ? effect.entries.find((entry) => entry.index === index) : undefined
    if (found !== undefined) return found
  }
  return undefined
}
