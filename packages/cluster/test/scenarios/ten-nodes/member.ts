import type { Child, Host } from '@tiebeam/testing'

/** A node of the mesh, whichever kind it is. */
export interface Member {
  readonly kind: MemberKind
  readonly name: string
  readonly host: Host
  readonly child: Child
  /** When it began to listen, on the system's clock in ms. */
  readonly listeningMs: number
  /** Peers with a live link, hidden ones too, and when each link came up. */
  readonly links: ReadonlyMap<string, number>
  /** Leaves in order. */
  stop(): Promise<void>
}

export type MemberKind = 'tiebeam' | 'elixir'

export interface MemberInit {
  readonly host: Host
  readonly cookie: string
  readonly netTickTimeSeconds: number
  readonly service: string
  readonly nameServer: string
  readonly globalNames: boolean
}

export function memberName(host: Host): string {
  return `app@${host.ipv4}`
}

/** Whether every member has a link with every other, and none with anybody else. */
export function isWhole(members: readonly Member[]): boolean {
  return members.every(
    (member) =>
      member.links.size === members.length - 1 &&
      members.every(({ name }) => name === member.name || member.links.has(name)),
  )
}

/** When, or how long after something, a mesh was whole, in ms. */
export interface WholeAt {
  readonly meshMs: number
  /** The same without links between two Elixir nodes, which only these can make. */
  readonly tiebeamMs: number
}

/** When the last link of a whole mesh came up, on the system's clock. */
export function wholeAt(members: readonly Member[]): WholeAt {
  const latest = (some: readonly Member[]): number => Math.max(...some.flatMap(({ links }) => [...links.values()]))
  return { meshMs: latest(members), tiebeamMs: latest(members.filter(({ kind }) => kind === 'tiebeam')) }
}

/** Nothing, when the mesh was whole at that time. */
export function since({ meshMs, tiebeamMs }: WholeAt, endMs: number): WholeAt {
  return { meshMs: Math.max(0, meshMs - endMs), tiebeamMs: Math.max(0, tiebeamMs - endMs) }
}

export function describe(members: readonly Member[]): string {
  return members
    .map(({ kind, name, links, child }) => `${name} (${kind}) has ${[...links.keys()]}\n${child.output.slice(-3000)}`)
    .join('\n')
}
