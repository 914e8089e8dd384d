import type { FormationEffect, FormationEvent } from './events.ts'
import { Lookups, type Mood } from './lookups.ts'
import { type MissingPeer, Peers } from './peers.ts'
import type { FormationSettings } from './settings.ts'

interface FormationTopology {
  readonly name: string
  /** Undefined for a strategy that pushes. */
  readonly pollingIntervalMs: number | undefined
}

export interface FormationInit {
  /** Topologies that list the same name share one link and one attempt. */
  readonly topologies: readonly FormationTopology[]
  readonly settings: FormationSettings
  /** Evenly spread over [0, 1). */
  readonly random: () => number
}

interface Topology {
  readonly name: string
  readonly lookups: Lookups
  listed: ReadonlySet<string>
  /** The error of the last look-up, when it failed. */
  error: unknown
}

export interface TopologyView {
  readonly listed: readonly string[]
  readonly connected: readonly string[]
  readonly missing: readonly MissingPeer[]
  readonly mood: Mood
  readonly lookingUp: boolean
  readonly nextLookupMs: number | undefined
  readonly error: unknown
}

/**
 * Decides whom to dial and when to look again. It knows no socket, timer, clock or randomness: `handle` takes an event and the
 * time, and returns what is to be done; `wakeAtMs` says when to hand in `woken` if nothing else happens before.
 *
 * What it keeps to: at most one attempt at a peer at a time; a name is dialled only while a topology lists it; a failed look-up
 * changes no list; a live link is never torn down (unless `disconnectUnlisted`); look-ups and attempts keep their distances.
 */
export class Formation {
  readonly #settings: FormationSettings
  readonly #random: () => number
  readonly #topologies = new Map<string, Topology>()
  readonly #peers: Peers
  /** Everyone with a live link, listed or not. */
  readonly #connected = new Set<string>()
  #effects: FormationEffect[] = []
  #wakeAtMs: number | undefined

  constructor(init: FormationInit) {
    this.#settings = init.settings
    this.#random = init.random
    this.#peers = new Peers(init.settings, init.random, (report) => this.#effects.push(report))
    for (const { name, pollingIntervalMs } of init.topologies) {
      const lookups = new Lookups(init.settings, pollingIntervalMs)
      this.#topologies.set(name, { name, lookups, listed: new Set(), error: undefined })
    }
  }

  /** When to hand in `woken`, on the scale of the times handed in; undefined while only an event can bring work. */
  get wakeAtMs(): number | undefined {
    return this.#wakeAtMs
  }

  handle(event: FormationEvent, nowMs: number): FormationEffect[] {
    this.#apply(event, nowMs)
    this.#beginWhatIsDue(nowMs)
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  view(topologyName: string): TopologyView {
    const topology = this.#topology(topologyName)
    const mood = this.#mood(topology)
    const listed = [...topology.listed]
    return {
      listed,
      connected: listed.filter((name) => this.#peers.isConnected(name)),
      missing: listed.flatMap((name) => this.#peers.describeMissing(name) ?? []),
      mood,
      lookingUp: topology.lookups.running,
      nextLookupMs: topology.lookups.nextMs(mood),
      error: topology.error,
    }
  }

  /** The topologies that list this name now, in the order in which they were given. */
  listedBy(name: string): string[] {
    return [...this.#topologies.values()].filter(({ listed }) => listed.has(name)).map((topology) => topology.name)
  }

  #apply(event: FormationEvent, nowMs: number): void {
    switch (event.type) {
      case 'started':
        for (const name of event.connected) this.#connected.add(name)
        return
      case 'listed':
        this.#listed(this.#topology(event.topology), event.names, nowMs)
        return
      case 'lookupFailed':
        this.#lookupFailed(this.#topology(event.topology), event.error, nowMs)
        return
      case 'nodeup':
        this.#connected.add(event.name)
        this.#peers.up(event.name, nowMs)
        return
      case 'nodedown':
        this.#connected.delete(event.name)
        // Its successor may be listed already: every topology that knew it looks again.
        if (this.#peers.down(event.name, nowMs)) this.#hurry(event.name)
        return
      case 'connected':
        this.#peers.attemptSucceeded(event.name, nowMs)
        return
      case 'connectFailed':
        this.#peers.attemptFailed(event.name, event, nowMs)
        return
      case 'woken':
        return
    }
  }

  #listed(topology: Topology, names: readonly string[], nowMs: number): void {
    const listed = new Set(names)
    const added = names.filter((name) => !topology.listed.has(name))
    const removed = [...topology.listed].filter((name) => !listed.has(name))
    if (topology.error !== undefined) this.#effects.push({ type: 'lookupRecovered', topology: topology.name })
    topology.error = undefined
    topology.listed = listed
    for (const name of added) this.#peers.list(topology.name, name, this.#connected.has(name), nowMs)
    for (const name of removed) {
      if (this.#peers.unlist(topology.name, name)) this.#effects.push({ type: 'abandon', name })
    }
    if (added.length + removed.length > 0) {
      this.#effects.push({ type: 'listingChanged', topology: topology.name, added, removed })
    }
    // An empty list is more often the sign of a name server that is starting than of a cluster that has gone.
    if (this.#settings.disconnectUnlisted && listed.size > 0) this.#disconnectUnlisted()
    topology.lookups.end(nowMs, false, this.#mood(topology), this.#random())
  }

  #disconnectUnlisted(): void {
    for (const link of this.#peers.unlistedLinks()) this.#effects.push({ type: 'disconnect', ...link })
  }

  #lookupFailed(topology: Topology, error: unknown, nowMs: number): void {
    if (topology.error === undefined) this.#effects.push({ type: 'lookupFailing', topology: topology.name, error })
    topology.error = error ?? new Error('The look-up failed without an error.')
    topology.lookups.end(nowMs, true, this.#mood(topology), this.#random())
  }

  #hurry(lost: string): void {
    for (const topology of this.#topologies.values()) if (topology.listed.has(lost)) topology.lookups.hurry()
  }

  #beginWhatIsDue(nowMs: number): void {
    this.#wakeAtMs = undefined
    for (const topology of this.#topologies.values()) {
      const mood = this.#mood(topology)
      const dueMs = topology.lookups.nextMs(mood)
      if (dueMs !== undefined && dueMs <= nowMs) {
        topology.lookups.begin(nowMs)
        this.#effects.push({ type: 'lookUp', topology: topology.name })
      }
      this.#wakeBy(topology.lookups.nextMs(mood))
    }
    for (const { name, redialMs } of this.#peers.begin(nowMs)) this.#effects.push({ type: 'connect', name, redialMs })
    this.#wakeBy(this.#peers.nextMs())
  }

  #wakeBy(atMs: number | undefined): void {
    if (atMs !== undefined && (this.#wakeAtMs === undefined || atMs < this.#wakeAtMs)) this.#wakeAtMs = atMs
  }

  #mood(topology: Topology): Mood {
    if (topology.listed.size === 0) return 'alone'
    for (const name of topology.listed) if (this.#peers.isMissing(name)) return 'incomplete'
    return 'complete'
  }

  #topology(name: string): Topology {
    const topology = this.#topologies.get(name)
    if (topology === undefined) throw new Error(`There is no topology ${JSON.stringify(name)}.`)
    return topology
  }
}
