import { Pid } from '@tiebeam/distribution'

/** Called with each message to a topic. */
export type Listener = (message: unknown, topic: string) => void

export type Subscriber = Pid | Listener

/** Who has subscribed to what on one node. A process that subscribed twice gets each message twice, as with Phoenix.PubSub. */
export class Subscriptions {
  readonly #byTopic = new Map<string, Subscriber[]>()
  /** The topics of each process, by key of its pid. */
  readonly #topicsOf = new Map<string, { readonly pid: Pid; readonly topics: Set<string> }>()

  processes(): Pid[] {
    return [...this.#topicsOf.values()].map(({ pid }) => pid)
  }

  of(topic: string): readonly Subscriber[] {
    return this.#byTopic.get(topic) ?? []
  }

  /** True when it is the first subscription of a process. */
  add(topic: string, subscriber: Subscriber): boolean {
    this.#byTopic.set(topic, [...this.of(topic), subscriber])
    if (!(subscriber instanceof Pid)) return false
    const known = this.#topicsOf.get(subscriber.key)
    known?.topics.add(topic)
    if (known === undefined) this.#topicsOf.set(subscriber.key, { pid: subscriber, topics: new Set([topic]) })
    return known === undefined
  }

  /** Ends all subscriptions to the topic; true when it was the last topic of a process. */
  remove(topic: string, subscriber: Subscriber): boolean {
    const rest = this.of(topic).filter((each) => !isSame(each, subscriber))
    if (rest.length > 0) this.#byTopic.set(topic, rest)
    else this.#byTopic.delete(topic)
    if (!(subscriber instanceof Pid)) return false
    const topics = this.#topicsOf.get(subscriber.key)?.topics
    if (topics?.delete(topic) !== true || topics.size > 0) return false
    this.#topicsOf.delete(subscriber.key)
    return true
  }

  /** Ends all subscriptions of a process. */
  removeAll(pid: Pid): void {
    for (const topic of [...(this.#topicsOf.get(pid.key)?.topics ?? [])]) this.remove(topic, pid)
  }

  clear(): void {
    this.#byTopic.clear()
    this.#topicsOf.clear()
  }
}

function isSame(a: Subscriber, b: Subscriber): boolean {
  return a === b || (a instanceof Pid && b instanceof Pid && a.equals(b))
}
