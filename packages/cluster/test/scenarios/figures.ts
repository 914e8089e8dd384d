import { stdout } from 'node:process'

/** One JSON object a line. */
export function print(figures: object): void {
  stdout.write(`${JSON.stringify(figures)}\n`)
}

/** How long the mesh took to be whole again, by what had happened. */
export class Times {
  readonly #byFault = new Map<string, number[]>()

  add(fault: string, times: readonly number[]): void {
    this.#byFault.set(fault, [...(this.#byFault.get(fault) ?? []), ...times])
  }

  figures(): object[] {
    return [...this.#byFault].map(([fault, times]) => {
      const sorted = times.toSorted((left, right) => left - right)
      const at = (part: number): number => Math.round(sorted[Math.floor(part * (sorted.length - 1))] ?? Number.NaN)
      return { scenario: 'whole again', fault, times: sorted.length, medianMs: at(0.5), p95Ms: at(0.95), mostMs: at(1) }
    })
  }
}
