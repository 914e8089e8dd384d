import { stdout } from 'node:process'
import type { WholeAt } from './member.ts'

/** One JSON object a line. */
export function print(figures: object): void {
  stdout.write(`${JSON.stringify(figures)}\n`)
}

/** How long the mesh took to be whole again, by what had happened. */
export class Times {
  readonly #byFault = new Map<string, WholeAt[]>()

  add(fault: string, times: readonly WholeAt[]): void {
    this.#byFault.set(fault, [...(this.#byFault.get(fault) ?? []), ...times])
  }

  figures(): object[] {
    return [...this.#byFault].map(([fault, times]) => ({
      ...{ scenario: 'whole again', fault, times: times.length },
      mesh: spread(times.map(({ meshMs }) => meshMs)),
      tiebeam: spread(times.map(({ tiebeamMs }) => tiebeamMs)),
    }))
  }
}

function spread(times: readonly number[]): object {
  const sorted = times.toSorted((left, right) => left - right)
  const at = (part: number): number => Math.round(sorted[Math.floor(part * (sorted.length - 1))] ?? Number.NaN)
  return { medianMs: at(0.5), p95Ms: at(0.95), mostMs: at(1) }
}
