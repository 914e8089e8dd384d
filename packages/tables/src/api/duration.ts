import { TablesError } from '../errors.ts'

/** Milliseconds, or a number with a unit: `'500ms'`, `'30s'`, `'15m'`, `'12h'`, `'7d'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** In milliseconds. @throws TablesError `OPTION_INVALID` */
export function durationMs(duration: Duration, what: string): number {
  const [, digits, unit = ''] =
    typeof duration === 'string' ? (/^(\d+(?:\.\d+)?)(ms|[smhd])$/.exec(duration) ?? []) : []
  const ms = typeof duration === 'number' ? duration : Number(digits) * (unitsMs[unit] ?? Number.NaN)
  if (ms > 0 && Number.isFinite(ms)) return ms
  throw new TablesError(
    'OPTION_INVALID',
    `${what} is ${String(duration)}; it has to be a number of milliseconds above 0, or one with a unit, as '500ms', '30s', '15m', '12h' or '7d'`,
  )
}
