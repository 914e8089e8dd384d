/**
 * How many cases a long random test runs: `count` times TIEBEAM_TEST_SCALE, at least 1.
 * The scale is 0.1 when unset (a quick local run); CI sets 0.25; 1 is in full.
 */
export function cases(count: number, environment: NodeJS.ProcessEnv = process.env): number {
  const scale = Number(environment.TIEBEAM_TEST_SCALE || '0.1')
  if (!(scale > 0 && Number.isFinite(scale))) {
    throw new RangeError(`TIEBEAM_TEST_SCALE must be a number above 0, it is ${environment.TIEBEAM_TEST_SCALE}`)
  }
  return Math.max(1, Math.round(count * scale))
}
