import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cases, Random, random } from '@tiebeam/testing'
import { KubernetesError, type KubernetesErrorCode } from '../../src/errors.ts'
import type { KubernetesObject, WatchEvent } from '../../src/index.ts'
import type { WatcherInput, WatcherStep } from '../../src/watch/events.ts'
import { watchSettings } from '../../src/watch/settings.ts'
import { Watcher } from '../../src/watch/watcher.ts'
import { expired, ModelServer, type State } from './model-server.ts'

const failures: readonly KubernetesErrorCode[] = [
  'CONNECTION_FAILED',
  'TIMEOUT',
  'SERVICE_UNAVAILABLE',
  'FORBIDDEN',
  'BAD_REQUEST',
]

/** Drives a watcher against the model, with faults at every step, and checks what it tells after each. */
class Simulation {
  readonly #random: Random
  readonly #server: ModelServer
  readonly #watcher: Watcher<KubernetesObject>
  readonly #limit: number
  /** What someone who only hears the events believes. */
  readonly #believed = new Map<string, KubernetesObject>()
  /** Version up to which the open stream has told. */
  #cursor = 0
  #nowMs = 0
  faults = true

  constructor(random: Random) {
    this.#random = random
    this.#server = new ModelServer(random)
    this.#limit = random.integer(1, 8)
    this.#watcher = new Watcher({
      settings: watchSettings({}),
      request: 'GET /model',
      transform: (object) => object,
      random: () => random.next(),
    })
  }

  run(steps: number): void {
    let input: WatcherInput<KubernetesObject> | undefined = { type: 'started' }
    for (let step = 0; step < steps || this.faults; step += 1) {
      // A calm end, in which all must become known.
      if (step === steps) this.faults = false
      input = this.#step(input)
    }
    // Far more than it takes, unless it goes round in circles.
    for (let step = 0; step < 200; step += 1) input = this.#step(input)
    assertSame(this.#watcher.objects, this.#server.state(this.#server.version), 'at the end')
  }

  #step(input: WatcherInput<KubernetesObject>): WatcherInput<KubernetesObject> {
    const { events, next } = this.#watcher.handle(input, this.#nowMs)
    for (const event of events) this.#believe(event)
    assertSame(this.#believed, this.#watcher.objects, 'what was told, and what is known')
    // In order: after each event of a stream it is exactly the state of that version that is known.
    if (input.type === 'received' && input.event.type !== 'ERROR') {
      assertSame(this.#believed, this.#server.state(this.#cursor), `at version ${this.#cursor}`)
    }
    this.#nowMs += this.#random.integer(2000)
    if (this.faults) for (let times = this.#random.integer(3); times > 0; times -= 1) this.#server.change()
    if (this.faults && this.#random.chance(0.1)) this.#server.forget()
    return this.#perform(next)
  }

  #believe(event: WatchEvent<KubernetesObject>): void {
    if (event.type === 'synced') {
      assertSame(this.#believed, this.#server.state(Number(event.resourceVersion)), `synced ${event.resourceVersion}`)
      return
    }
    if (event.type === 'failing' || event.type === 'recovered') return
    const name = event.object.metadata!.name!
    const before = this.#believed.get(name)
    if (event.type === 'added') assert.equal(before, undefined)
    else assert.equal(before?.metadata?.uid, event.object.metadata?.uid)
    if (event.type === 'modified') assert.equal(before, event.previous)
    if (event.type === 'deleted') this.#believed.delete(name)
    else this.#believed.set(name, event.object)
  }

  #perform(step: WatcherStep): WatcherInput<KubernetesObject> {
    const fails = this.faults && this.#random.chance(0.15)
    switch (step.type) {
      case 'wait':
        assert.ok(step.waitMs >= 0 && step.waitMs <= 31_000, `waits ${step.waitMs} ms`)
        this.#nowMs += step.waitMs
        return { type: 'waited' }
      case 'list':
        if (fails) return { type: 'listFailed', error: this.#failure() }
        return attempt<WatcherInput<KubernetesObject>>(
          () => ({ type: 'page', page: this.#server.page(step.continue, this.#limit) }),
          (error) => ({ type: 'listFailed', error }),
        )
      case 'open':
        if (fails) return { type: 'openFailed', error: this.#failure() }
        this.#cursor = Number(step.resourceVersion)
        return attempt<WatcherInput<KubernetesObject>>(
          () => {
            this.#server.checkWatch(this.#cursor)
            return { type: 'opened' }
          },
          (error) => ({ type: 'openFailed', error }),
        )
      case 'read':
        return fails ? this.#streamFault() : this.#nextEvent()
    }
  }

  #nextEvent(): WatcherInput<KubernetesObject> {
    const change = this.#server.changeAfter(this.#cursor)
    this.#cursor = change?.version ?? this.#server.version
    const bookmark = { type: 'BOOKMARK', object: { metadata: { resourceVersion: String(this.#cursor) } } }
    return { type: 'received', event: change?.event ?? bookmark }
  }

  #streamFault(): WatcherInput<KubernetesObject> {
    switch (this.#random.integer(5)) {
      case 0:
        return { type: 'ended', end: { kind: 'closed' } }
      case 1:
        return { type: 'ended', end: { kind: 'lost' } }
      case 2:
        return { type: 'ended', end: { kind: 'silent' } }
      case 3:
        return { type: 'ended', end: { kind: 'failed', error: this.#failure() } }
      default: {
        const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' }
        return { type: 'received', event: { type: 'ERROR', object: status } }
      }
    }
  }

  #failure(): KubernetesError {
    return this.#random.chance(0.2) ? expired() : new KubernetesError(this.#random.pick(failures), 'at random')
  }
}

function attempt<T>(action: () => T, failed: (error: KubernetesError) => T): T {
  try {
    return action()
  } catch (error) {
    assert.ok(error instanceof KubernetesError)
    return failed(error)
  }
}

function assertSame(found: State, wanted: State, when: string): void {
  const versions = (state: State): string[] =>
    [...state].map(([name, { metadata }]) => `${name} ${metadata?.uid} ${metadata?.resourceVersion}`).sort()
  assert.deepEqual(versions(found), versions(wanted), when)
}

test('whatever fails, in whatever order, what is told is the truth in the order in which it came about', () => {
  const { seed } = random()
  const count = cases(2000)
  for (let index = 0; index < count; index += 1) {
    const simulation = new Simulation(new Random(seed, index))
    try {
      simulation.run(60)
    } catch (error) {
      throw new Error(`case ${index} of seed ${seed} failed`, { cause: error })
    }
  }
})
