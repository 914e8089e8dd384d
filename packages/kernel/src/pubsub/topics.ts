import { atom, Tuple, tuple } from '@tiebeam/distribution'
import { Binary } from '@tiebeam/etf'

/** The scope of `pg` in which Phoenix.PubSub 2 keeps the groups of its adapters. */
export const PUBSUB_SCOPE = 'Elixir.Phoenix.PubSub'

/** What a worker of Phoenix.PubSub's adapter is sent, to be passed on to the subscribers of its node (`Phoenix.PubSub.PG2`, 2.1 and 2.2). */
export interface Forwarded {
  readonly topic: string
  readonly message: unknown
}

const FORWARD_TO_LOCAL = atom('forward_to_local')

/** The dispatcher is a module of Elixir that passes the message on; on this node there is only one way to do that. */
export function forwarded(topic: string, message: unknown, dispatcher: string): Tuple {
  return tuple(FORWARD_TO_LOCAL, topic, message, atom(moduleName(dispatcher)))
}

/** Undefined for what is no such message, and for a topic that is no text. */
export function parseForwarded(value: unknown): Forwarded | undefined {
  if (!(value instanceof Tuple) || value.elements.length !== 4 || value.elements[0] !== FORWARD_TO_LOCAL)
    return undefined
  const topic = textOf(value.elements[1])
  return topic === undefined ? undefined : { topic, message: value.elements[2] }
}

/** The atom of an Elixir module: `MyApp.PubSub` is `Elixir.MyApp.PubSub`. */
export function moduleName(name: string): string {
  return name.startsWith('Elixir.') ? name : `Elixir.${name}`
}

/**
 * The groups of a PubSub of this name, which are the registered names of its workers, too: `Elixir.MyApp.PubSub.Adapter`, and in a larger
 * pool also `…_2` to `…_N`.
 */
export function adapterGroups(name: string, poolSize: number): string[] {
  const adapter = `${moduleName(name)}.Adapter`
  return Array.from({ length: poolSize }, (_, index) => (index === 0 ? adapter : `${adapter}_${index + 1}`))
}

/** By whichever decoding the node has been given. */
function textOf(value: unknown): string | undefined {
  if (value instanceof Binary) return value.text
  if (value instanceof Uint8Array) return new Binary(value).text
  return typeof value === 'string' ? value : undefined
}
