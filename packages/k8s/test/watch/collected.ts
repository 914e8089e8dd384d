import { waitFor } from '@tiebeam/testing'
import type { KubernetesObject, Watch, WatchEvent } from '../../src/index.ts'

/** Runs a watch to its end, and keeps what it tells. */
export class Collected<T extends KubernetesObject> {
  readonly events: WatchEvent<T>[] = []
  /** Resolves when the watch has ended. */
  readonly ended: Promise<void>

  constructor(watch: Watch<T>) {
    this.ended = this.#collect(watch)
  }

  /** What was told, in short: `added a`, `synced`, `failing NOT_FOUND`. */
  get lines(): string[] {
    return this.events.map(lineOf)
  }

  count(line: string): number {
    return this.lines.filter((each) => each === line).length
  }

  /** Waits until this was told so many times. */
  async told(line: string, times = 1): Promise<void> {
    await waitFor(() => this.count(line) >= times, {
      what: () => `"${line}" ${times} times; told was:\n${this.lines.join('\n')}`,
    })
  }

  async #collect(watch: Watch<T>): Promise<void> {
    for await (const event of watch) this.events.push(event)
  }
}

export function lineOf<T extends KubernetesObject>(event: WatchEvent<T>): string {
  switch (event.type) {
    case 'added':
    case 'modified':
    case 'deleted':
      return `${event.type} ${event.object.metadata?.name}`
    case 'failing':
      return `failing ${event.error.code}`
    case 'synced':
    case 'recovered':
      return event.type
  }
}
