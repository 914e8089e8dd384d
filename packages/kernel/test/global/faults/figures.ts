import type { FaultRecord } from './fault-cluster.ts'
import { faultKinds } from './plan.ts'

/** What a run of faults gave, as lines of text. */
export function figuresOf(records: readonly FaultRecord[], control: readonly FaultRecord[]): string[] {
  const lines = faultKinds.map((kind) => {
    const some = records.filter(({ fault }) => fault.kind === kind)
    const mesh = some.map(({ meshMs }) => meshMs)
    return `${kind}: ${some.length} faults, ${lossesIn(some)} losses among OTP nodes; whole again after ${spread(mesh)}`
  })
  if (control.length > 0) {
    lines.push(
      `partial, control run of six OTP nodes: ${control.length} faults, ${lossesIn(control)} losses among the same nodes`,
    )
  }
  lines.push(`global:sync on each node after each fault: ${spread(records.flatMap(({ syncMs }) => syncMs))}`)
  lines.push(`then until the name tables agreed: ${spread(records.map(({ agreedMs }) => agreedMs))}`)
  return lines
}

export function lossesIn(records: readonly FaultRecord[]): number {
  return records.reduce((sum, { losses }) => sum + losses.length, 0)
}

function spread(values: readonly number[]): string {
  if (values.length === 0) return '–'
  const sorted = [...values].sort((a, b) => a - b)
  const at = (part: number): string => `${Math.round(sorted[Math.floor(part * (sorted.length - 1))] as number)} ms`
  return `median ${at(0.5)}, p99 ${at(0.99)}, greatest ${at(1)}`
}
