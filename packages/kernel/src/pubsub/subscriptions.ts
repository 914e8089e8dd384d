import { Pid } from '@tiebeam/distribution'

/** Called with each message to a topic. */
export type Listener = (message: unknown, topic: string) => void

export type Subscriber = Pid | Listener

interface Subscription {
  readonly subscriber: Subscriber
  times: number
}

/** Who has subscribed to what on one node. A process that subscribed twice gets each message twice, as with Phoenix.PubSub. */
export class Subscriptions {
  readonly #byTopic = new Map<string, Map<string | Listener, Subscription>>()
  /** The topics of each process, by key of its pid. */
  readonly #topicsOf = new Map<string, { readonly pid: Pid; readonly topics: Set<string> }>()

  processes(): Pid[] {
    return [...this.#topicsOf.values()].map(({ pid }) => pid)
  }

  /** Those who get a message to the topic, each as often as it subscribed; what they change meanwhile counts for the next one. */
  of(topic: string): Subscriber[] {
    const subscribers: Subscriber[] = []
    for (const { subscriber, times } of this.#byTopic.get(topic)?.values() ?? []) {
      for (let time = 0; time < times; time++) subscribers.push(subscriber)
    }
    return subscribers
  }

  /** True when it is the first subscription of a process. */
  add(topic: string, subscriber: Subscriber): boolean {
    const subscriptions = this.#byTopic.get(topic) ?? new Map<string | Listener, Subscription>()
    this.#byTopic.set(topic, subscriptions)
    const subscription = subscriptions.get(keyOf(subscriber))
    if (subscription === undefined) subscriptions.set(keyOf(subscriber), { subscriber, times: 1 })
    else subscription.times++
    if (!(subscriber instanceof Pid)) return false
    const known = this.#topicsOf.get(subscriber.key)
    known?.topics.add(topic)
    if (known === undefined) this.#topicsOf.set(subscriber.key, { pid: subscriber, topics: new Set([topic]) })
    return known === undefined
  }

  /** Ends all subscriptions to the topic; true when it was the last topic of a process. */
  remove(topic: string, subscriber: Subscriber): boolean {
    const subscriptions = this.#byTopic.get(topic)
    subscriptions?.delete(keyOf(subscriber))
    if (subscriptions?.size === 0) this.#byTopic.delete(topic)
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

function keyOf(subscriber: Subscriber): string | Listener {
  return subscriber instanceof Pid ? subscriber.key : subscriber
}
