/** Growth of a wait: `firstMs` × `factor`^`step`, at most `maxMs`. Safe for any step. */
export function grownMs(firstMs: number, factor: number, step: number, maxMs: number): number {
  return Math.min(maxMs, firstMs * factor ** Math.min(step, 64))
}

/** A wait spread evenly over ± `spread` of itself, so that many nodes which saw one event do not act in step. */
export function jitteredMs(ms: number, spread: number, random: number): number {
  return ms * (1 - spread + 2 * spread * random)
}
