import { atom, type Down, type Logger, type Pid, type Process, type Reference, tuple } from '@tiebeam/distribution'
import { ChangeStream } from '../change-stream.ts'
import type { Monitors } from '../monitors.ts'
import type { GroupChange } from '../scope.ts'

/** What a monitor is about. */
export type Subject = 'scope' | { readonly group: unknown }

/** A process that is sent the changes. */
interface Receiver {
  readonly pid: Pid
  /** What it knows the monitor by. */
  readonly reference: Reference
  /** Tells of its end. Another one, once the scope process has been replaced. */
  watch: Reference
}

const KINDS = { join: atom('join'), leave: atom('leave') } as const

/** Brings changes to those who monitor: loops that read a stream, and processes. */
export class ChangeDelivery {
  readonly #monitors: Monitors
  readonly #logger: Logger
  readonly #streams = new Map<string, ChangeStream>()
  readonly #receivers = new Map<string, Receiver>()
  #lastStream = 0

  constructor(monitors: Monitors, logger: Logger) {
    this.#monitors = monitors
    this.#logger = logger
  }

  stream(subject: Subject, changesMax: number): ChangeStream {
    const id = `stream ${++this.#lastStream}`
    const stream = new ChangeStream(changesMax, () => {
      this.#streams.delete(id)
      this.#monitors.remove(id)
    })
    this.#add(id, subject)
    this.#streams.set(id, stream)
    return stream
  }

  toProcess(self: Process, pid: Pid, subject: Subject): Reference {
    const reference = self.monitor(pid)
    this.#add(reference.key, subject)
    this.#receivers.set(reference.key, { pid, reference, watch: reference })
    return reference
  }

  /** False when there is no such monitor of a process. */
  stopToProcess(self: Process | undefined, reference: Reference): boolean {
    const receiver = this.#receivers.get(reference.key)
    if (receiver === undefined) return false
    this.#forget(receiver)
    self?.demonitor(receiver.watch)
    return true
  }

  deliver(self: Process | undefined, monitor: string, change: GroupChange): void {
    this.#streams.get(monitor)?.push(change)
    const receiver = this.#receivers.get(monitor)
    if (self === undefined || receiver === undefined) return
    const { pid, reference } = receiver
    try {
      self.send(pid, tuple(reference, KINDS[change.type], change.group, change.pids))
    } catch (error) {
      this.stopToProcess(self, reference)
      this.#logger.warn({ err: error, pid: String(pid) }, 'a process cannot be told of changes; its monitor ends')
    }
  }

  /** The scope process was replaced; the new one learns of the end of receivers. */
  restarted(self: Process): void {
    for (const receiver of this.#receivers.values()) receiver.watch = self.monitor(receiver.pid)
  }

  down({ reference }: Down): void {
    for (const receiver of this.#receivers.values()) if (receiver.watch.equals(reference)) this.#forget(receiver)
  }

  end(): void {
    for (const stream of this.#streams.values()) stream.end()
    for (const receiver of this.#receivers.values()) this.#forget(receiver)
  }

  #add(id: string, subject: Subject): void {
    if (subject === 'scope') this.#monitors.addToScope(id)
    else this.#monitors.addToGroup(id, subject.group)
  }

  #forget({ reference }: Receiver): void {
    this.#receivers.delete(reference.key)
    this.#monitors.remove(reference.key)
  }
}
