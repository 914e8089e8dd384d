import assert from 'node:assert/strict'
import type { FormationEffect, FormationEvent } from '../src/formation/events.ts'
import { Formation } from '../src/formation/formation.ts'
import { type FormationSettings, formationDefaults } from '../src/formation/settings.ts'

interface Script {
  readonly formation: Formation
  nowMs: number
  /** Hands in an event, and returns the effects that are no reports. */
  handle(event: FormationEvent): FormationEffect[]
  /** All reports so far. */
  readonly reports: FormationEffect[]
  /** Lets time pass to the next wake-up. */
  wake(): FormationEffect[]
}

export function script(
  settings: Partial<FormationSettings> = {},
  topologies: Record<string, number | undefined> = { main: 5000 },
): Script {
  const formation = new Formation({
    topologies: Object.entries(topologies).map(([name, pollingIntervalMs]) => ({ name, pollingIntervalMs })),
    settings: { ...formationDefaults, ...settings },
    // In the middle: no jitter.
    random: () => 0.5,
  })
  const run: Script = {
    formation,
    nowMs: 0,
    reports: [],
    handle(event) {
      const actions: FormationEffect[] = []
      for (const effect of formation.handle(event, run.nowMs)) {
        const action = ['lookUp', 'connect', 'abandon', 'disconnect'].includes(effect.type)
        ;(action ? actions : run.reports).push(effect)
      }
      return actions
    },
    wake() {
      assert.ok(formation.wakeAtMs !== undefined, 'something is to come')
      run.nowMs = formation.wakeAtMs
      return run.handle({ type: 'woken' })
    },
  }
  return run
}

export const lookUp = (topology = 'main'): FormationEffect => ({ type: 'lookUp', topology })
export const listed = (...names: string[]): FormationEvent => ({ type: 'listed', topology: 'main', names })
export const failed = (name: string, code = 'CONNECT_REFUSED', refused = false): FormationEvent => ({
  type: 'connectFailed',
  name,
  error: new Error(code),
  code,
  refused,
})
export const dialled = (effects: FormationEffect[]): string[] =>
  effects.flatMap((effect) => (effect.type === 'connect' ? [effect.name] : []))

export function connect(run: Script, ...names: string[]): void {
  for (const name of names) {
    run.handle({ type: 'nodeup', name })
    run.handle({ type: 'connected', name })
  }
}
