import assert from 'node:assert/strict'
import type { FormationEffect, FormationEvent } from '../../src/formation/events.ts'
import { Formation } from '../../src/formation/formation.ts'
import { sift } from '../../src/formation/listing.ts'
import { formationDefaults } from '../../src/formation/settings.ts'
import { isRefusal } from '../../src/refusal.ts'
import type { SimulatedNetwork } from './network.ts'

export const POLLING_INTERVAL_MS = 5000
/** More events without progress of time than any cause could have. */
const EVENTS_AT_ONCE_MAX = 2000

/** A node whose cluster decisions are the real ones; everything it asks for is checked against the promises of `Formation`. */
export class SimulatedNode {
  readonly name: string
  readonly #network: SimulatedNetwork
  readonly #formation: Formation
  alive = true
  cookie = 'one'
  /** Peer to generation of the link. */
  readonly links = new Map<string, number>()
  #generations = 0
  #listed = new Set<string>()
  readonly #attempts = new Map<string, () => void>()
  #lookingUp = false
  #lastLookupMs = Number.NEGATIVE_INFINITY
  #cancelTimer: () => void = () => {}
  #atMs = -1
  #eventsAtOnce = 0
  /** Times of what was done. */
  readonly lookups: number[] = []
  readonly dials: number[] = []
  readonly reports: string[] = []

  constructor(name: string, network: SimulatedNetwork) {
    this.name = name
    this.#network = network
    this.#formation = new Formation({
      topologies: [{ name: 'main', pollingIntervalMs: POLLING_INTERVAL_MS }],
      settings: formationDefaults,
      random: () => network.random.next(),
    })
  }

  get now(): number {
    return this.#network.clock.nowMs
  }

  start(): void {
    this.#handle({ type: 'started', connected: [] })
  }

  accept(peer: string): void {
    if (this.links.delete(peer)) this.#handle({ type: 'nodedown', name: peer })
    this.#generations += 1
    this.links.set(peer, this.#generations)
    this.#handle({ type: 'nodeup', name: peer })
  }

  lose(peer: string, generation: number): void {
    if (!this.alive || this.links.get(peer) !== generation) return
    this.links.delete(peer)
    this.#handle({ type: 'nodedown', name: peer })
  }

  #handle(event: FormationEvent): void {
    if (!this.alive) return
    this.#eventsAtOnce = this.now === this.#atMs ? this.#eventsAtOnce + 1 : 0
    this.#atMs = this.now
    assert.ok(this.#eventsAtOnce < EVENTS_AT_ONCE_MAX, `${this.name} spins at ${this.now} ms`)
    for (const effect of this.#formation.handle(event, this.now)) this.#perform(effect)
    this.#cancelTimer()
    const { wakeAtMs } = this.#formation
    if (wakeAtMs === undefined) return
    // As the shell has it: never early, and on whole milliseconds.
    const waitMs = Math.max(0, Math.ceil(wakeAtMs - this.now))
    this.#cancelTimer = this.#network.clock.after(waitMs, () => this.#handle({ type: 'woken' }))
  }

  #perform(effect: FormationEffect): void {
    switch (effect.type) {
      case 'lookUp':
        this.#lookUp()
        return
      case 'connect':
        this.#connect(effect.name, effect.redialMs)
        return
      case 'abandon':
        assert.ok(!this.#listed.has(effect.name), 'gives up only what is no longer listed')
        assert.ok(this.#attempts.has(effect.name), 'gives up only what is under way')
        this.#attempts.get(effect.name)?.()
        return
      case 'disconnect':
        assert.fail('a live link is never torn down')
        break
      default:
        this.reports.push(effect.type)
    }
  }

  #lookUp(): void {
    assert.ok(!this.#lookingUp, 'one look-up at a time')
    assert.ok(this.now - this.#lastLookupMs >= formationDefaults.lookupSpacingMs, 'look-ups keep their distance')
    this.#lookingUp = true
    this.#lastLookupMs = this.now
    this.lookups.push(this.now)
    this.#network.lookUp(
      (found) => {
        this.#lookingUp = false
        const { names } = sift(found, { self: this.name, selfAddresses: new Set(), namesMax: 1000 })
        this.#listed = new Set(names)
        this.#handle({ type: 'listed', topology: 'main', names })
      },
      (error) => {
        this.#lookingUp = false
        this.#handle({ type: 'lookupFailed', topology: 'main', error })
      },
    )
  }

  #connect(peer: string, redialMs: number): void {
    assert.ok(!this.#attempts.has(peer), `${this.name} begins a second attempt at ${peer}`)
    assert.ok(this.#listed.has(peer), `${this.name} dials ${peer}, which is not listed`)
    assert.notEqual(peer, this.name, 'the own name is never dialled')
    assert.ok(!this.links.has(peer), `${this.name} dials ${peer}, which is connected`)
    assert.ok(this.#attempts.size < formationDefaults.dialsMax, 'too many attempts at once')
    assert.ok(redialMs >= 200)
    this.dials.push(this.now)
    const abort = this.#network.connect(this, peer, redialMs, (code) => {
      this.#attempts.delete(peer)
      if (code === undefined) this.#handle({ type: 'connected', name: peer })
      else this.#handle({ type: 'connectFailed', name: peer, error: new Error(code), code, refused: isRefusal(code) })
    })
    this.#attempts.set(peer, abort)
  }
}
