import { Pid, Reference } from '@tiebeam/etf'
import { DistributionError } from '../errors.ts'
import type { Recipient } from './recipient.ts'

/** Without the V4_NC flag a pid has 15 bits of id and 13 of serial; so few serve every peer. */
const PID_ID_BITS = 15
const PID_NUMBERS = 2 ** 28
/** The first of the three numbers of a reference has 18 bits. */
const REFERENCE_FIRST = 2 ** 18

/**
 * When an alias ends, besides by `unalias` and with its process: with its monitor (`demonitor`); with its monitor or the first
 * message that comes by it (`replyDemonitor`); with that message (`reply`); never (`explicit`).
 */
export type AliasKind = 'demonitor' | 'replyDemonitor' | 'reply' | 'explicit'

/** Waits for what comes by an alias, or the end of its monitor, in place of the mailbox. */
export interface Asker {
  settle(answer: unknown): void
  /** There will be no answer, because nobody waits for it any more. */
  abandon(error: Error): void
}

export interface Alias {
  readonly recipient: Recipient
  readonly kind: AliasKind
  readonly asker: Asker | undefined
}

/** Who lives on this node: pids, registered names, aliases. Gives out pids and references. */
export class ProcessTable {
  readonly #node: string
  readonly #creation: number
  readonly #recipients = new Map<number, Recipient>()
  readonly #names = new Map<string, Recipient>()
  readonly #namesOf = new Map<Recipient, Set<string>>()
  readonly #aliases = new Map<number, Alias>()
  readonly #aliasesOf = new Map<Recipient, Set<number>>()
  #lastPid = 0
  #lastReference = 0

  constructor(node: string, creation: number) {
    this.#node = node
    this.#creation = creation
  }

  get size(): number {
    return this.#recipients.size
  }

  /** Messages that wait in all mailboxes together. */
  get mailboxMessages(): number {
    let messages = 0
    for (const { mailboxLength } of this.#recipients.values()) messages += mailboxLength
    return messages
  }

  /** A pid that no living process has. */
  nextPid(): Pid {
    do this.#lastPid = (this.#lastPid + 1) % PID_NUMBERS
    while (this.#lastPid === 0 || this.#recipients.has(this.#lastPid))
    const id = this.#lastPid % 2 ** PID_ID_BITS
    return new Pid(this.#node, id, Math.floor(this.#lastPid / 2 ** PID_ID_BITS), this.#creation)
  }

  nextReference(): Reference {
    this.#lastReference++
    const ids = [this.#lastReference % REFERENCE_FIRST, Math.floor(this.#lastReference / REFERENCE_FIRST), 0]
    return new Reference(this.#node, this.#creation, ids)
  }

  add(recipient: Recipient): void {
    this.#recipients.set(numberOf(recipient.pid), recipient)
  }

  /** The living process with this pid; a pid of another node, or of an earlier life of this one, has none. */
  find(pid: Pid): Recipient | undefined {
    if (pid.creation !== this.#creation || pid.node !== this.#node) return undefined
    return this.#recipients.get(numberOf(pid))
  }

  /** @throws DistributionError `NAME_TAKEN`, `OPTION_INVALID`, `PROCESS_NOT_FOUND` */
  register(name: string, pid: Pid): void {
    if (typeof name !== 'string' || name === '' || name === 'undefined' || name.length > 255) {
      throw new DistributionError('OPTION_INVALID', 'A registered name has 1 to 255 characters and is not "undefined".')
    }
    const recipient = this.find(pid)
    if (recipient === undefined) {
      throw new DistributionError(
        'PROCESS_NOT_FOUND',
        `No process of this node has the pid to be registered as ${name}.`,
      )
    }
    this.reserve(name)
    this.#names.set(name, recipient)
    const names = this.#namesOf.get(recipient)
    if (names === undefined) this.#namesOf.set(recipient, new Set([name]))
    else names.add(name)
  }

  /** Checks that a name is free. @throws DistributionError `NAME_TAKEN` */
  reserve(name: string): void {
    if (!this.#names.has(name)) return
    throw new DistributionError('NAME_TAKEN', `The name ${name} is registered already; unregister it first.`)
  }

  /** @throws DistributionError `NAME_NOT_REGISTERED` */
  unregister(name: string): void {
    const recipient = this.#names.get(name)
    if (recipient === undefined) {
      throw new DistributionError('NAME_NOT_REGISTERED', `The name ${name} is not registered.`)
    }
    this.#names.delete(name)
    this.#namesOf.get(recipient)?.delete(name)
  }

  whereis(name: string): Recipient | undefined {
    return this.#names.get(name)
  }

  names(): string[] {
    return [...this.#names.keys()]
  }

  recipients(): Iterable<Recipient> {
    return this.#recipients.values()
  }

  addAlias(reference: Reference, recipient: Recipient, kind: AliasKind, asker?: Asker): void {
    const number = referenceNumber(reference)
    this.#aliases.set(number, { recipient, kind, asker })
    const numbers = this.#aliasesOf.get(recipient)
    if (numbers === undefined) this.#aliasesOf.set(recipient, new Set([number]))
    else numbers.add(number)
  }

  /** The alias of this process ends; false when it had ended, or never was one. */
  removeAlias(reference: Reference, owner: Recipient | undefined): boolean {
    if (!this.#isOurs(reference)) return false
    const number = referenceNumber(reference)
    const alias = this.#aliases.get(number)
    if (alias === undefined || alias.recipient !== owner) return false
    this.#dropAlias(number, alias)
    return true
  }

  /** The monitor of this reference fired or was removed; an alias that hangs on it ends, and whoever asked by it is told. */
  monitorEnded(reference: Reference): Asker | undefined {
    const number = referenceNumber(reference)
    const alias = this.#aliases.get(number)
    if (alias === undefined || alias.kind === 'explicit') return undefined
    this.#dropAlias(number, alias)
    return alias.asker
  }

  /** Where a message by this alias goes, if it is one; ends an alias that was good for one message. */
  takeAlias(reference: Reference): Alias | undefined {
    if (!this.#isOurs(reference)) return undefined
    const number = referenceNumber(reference)
    const alias = this.#aliases.get(number)
    if (alias?.kind === 'reply' || alias?.kind === 'replyDemonitor') this.#dropAlias(number, alias)
    return alias
  }

  /** Whether this process waits for an answer by this alias. */
  isAsking(pid: Pid, reference: Reference): boolean {
    if (!this.#isOurs(reference)) return false
    const alias = this.#aliases.get(referenceNumber(reference))
    return alias?.asker !== undefined && alias.recipient === this.find(pid)
  }

  /** All that this process asked and that is not answered; the aliases end. */
  takeAskers(pid: Pid): Asker[] {
    const askers: Asker[] = []
    const recipient = this.find(pid)
    for (const number of (recipient && this.#aliasesOf.get(recipient)) ?? []) {
      const alias = this.#aliases.get(number) as Alias
      if (alias.asker === undefined) continue
      askers.push(alias.asker)
      this.#dropAlias(number, alias)
    }
    return askers
  }

  remove(recipient: Recipient): void {
    this.#recipients.delete(numberOf(recipient.pid))
    for (const name of this.#namesOf.get(recipient) ?? []) this.#names.delete(name)
    this.#namesOf.delete(recipient)
    for (const number of this.#aliasesOf.get(recipient) ?? []) this.#aliases.delete(number)
    this.#aliasesOf.delete(recipient)
  }

  #dropAlias(number: number, alias: Alias): void {
    this.#aliases.delete(number)
    const numbers = this.#aliasesOf.get(alias.recipient)
    numbers?.delete(number)
    if (numbers?.size === 0) this.#aliasesOf.delete(alias.recipient)
  }

  #isOurs(reference: Reference): boolean {
    return reference.creation === this.#creation && reference.node === this.#node
  }
}

/** Of a pid of this node: no two living processes have the same. */
export function numberOf(pid: Pid): number {
  return pid.serial * 2 ** PID_ID_BITS + pid.id
}

function referenceNumber(reference: Reference): number {
  return (reference.ids[1] ?? 0) * REFERENCE_FIRST + (reference.ids[0] ?? 0)
}
