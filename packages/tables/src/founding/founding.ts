import type { Peers } from './peers.ts'

export interface FoundingSettings {
  /** Where the lowest node founds: of how many nodes it must know, itself included. Default 1. */
  readonly minimumNodes: number
  /** Where the lowest node founds: for how long nothing must have changed. Default 1,000. */
  readonly foundAfterMs: number
  /** A node that does not answer whether it is in a view is waited for so long, where the authority makes sure of one founder. Default 2,000. */
  readonly answerMs: number
}

export const foundingDefaults: FoundingSettings = { minimumNodes: 1, foundAfterMs: 1000, answerMs: 2000 }

export interface FoundingFacts {
  readonly self: string
  readonly kind: string
  /** `register`: the authority takes one founder and no other. `lowest`: it cannot, and the node with the lowest name founds. */
  readonly founder: 'register' | 'lowest'
  /** Nodes that discovery lists; itself may be among them. */
  readonly discovered: readonly string[]
  readonly peers: Peers
  readonly nowMs: number
  readonly settings: FoundingSettings
}

/** Undefined: found. Else what is waited for, in words. */
export function obstacleToFounding(facts: FoundingFacts): string | undefined {
  const { peers, kind, self, discovered } = facts
  for (const { member, view, kind: theirs } of peers.present()) {
    if (theirs !== kind) return `${member.node} to use the same authority: it uses ${theirs}, this node ${kind}`
    if (view !== undefined) return `the authority to know of the cluster that ${member.node} is in`
  }
  const silent = [...new Set([...[...peers.entries()].map(([node]) => node), ...discovered])].filter(
    (node) => node !== self && (peers.get(node)?.type ?? 'silent') === 'silent',
  )
  return facts.founder === 'register' ? obstacleAtRegister(facts, silent) : obstacleOfLowest(facts, silent)
}

function obstacleAtRegister({ peers, nowMs, settings }: FoundingFacts, silent: readonly string[]): string | undefined {
  if (silent.length === 0 || nowMs - peers.changedMs >= settings.answerMs) return undefined
  return `an answer of ${silent.join(', ')}`
}

function obstacleOfLowest(facts: FoundingFacts, silent: readonly string[]): string | undefined {
  const { peers, self, settings, nowMs } = facts
  if (silent.length > 0) return `an answer of ${silent.join(', ')}`
  const nodes = [self, ...peers.present().map(({ member }) => member.node)].sort()
  const { minimumNodes, foundAfterMs } = settings
  if (nodes.length < minimumNodes)
    return `${minimumNodes} nodes (minimumNodes); there are ${nodes.length}: ${nodes.join(', ')}`
  if (nodes[0] !== self) return `${nodes[0]} to found the cluster, being the lowest of ${nodes.length} nodes`
  return nowMs - peers.changedMs < foundAfterMs
    ? `${foundAfterMs} ms in which nothing changes (foundAfterMs)`
    : undefined
}
