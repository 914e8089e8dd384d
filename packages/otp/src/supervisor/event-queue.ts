import type { QueuedEvent } from './events.ts'

type ExitedEvent = QueuedEvent<never> & { readonly type: 'exited' }

/** What waits until a supervisor has time for it, in order of arrival; only the end of a process can be taken out of turn. */
export class EventQueue<Client> {
  #events: QueuedEvent<Client>[] = []
  #head = 0
  #requests = 0
  /** The first notice of each process's end that waits, by key of its pid. */
  readonly #exits = new Map<string, ExitedEvent>()

  /** Of all that wait, the requests. */
  get requests(): number {
    return this.#requests
  }

  push(event: QueuedEvent<Client>): void {
    if (event.type === 'exited') {
      if (this.#exits.has(event.pid.key)) return
      this.#exits.set(event.pid.key, event)
    }
    if (event.type === 'request') this.#requests++
    this.#events.push(event)
  }

  /** The next one, or undefined. */
  shift(): QueuedEvent<Client> | undefined {
    while (this.#head < this.#events.length) {
      const event = this.#events[this.#head++] as QueuedEvent<Client>
      if (event.type === 'request') this.#requests--
      if (event.type !== 'exited') return event
      if (this.#exits.get(event.pid.key) !== event) continue
      this.#exits.delete(event.pid.key)
      return event
    }
    this.#events = []
    this.#head = 0
    return undefined
  }

  /** Takes the end of this process, if it waits. */
  takeExit(pidKey: string): ExitedEvent | undefined {
    const event = this.#exits.get(pidKey)
    if (event !== undefined) this.#exits.delete(pidKey)
    return event
  }
}
