import { stripVTControlCharacters } from 'node:util'

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow'

const CODES: Readonly<Record<Style, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
}

/** Gives text a style, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string

export function paintOf(colours: boolean): Paint {
  return (style, text) => {
    const [on, off] = CODES[style]
    return colours ? `\u001b[${on}m${text}\u001b[${off}m` : text
  }
}

/** Colours only on terminals, and not where `NO_COLOR` is set (no-color.org) or the terminal is `dumb`. */
export function wantsColours(
  stream: { readonly isTTY?: boolean | undefined },
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  return stream.isTTY === true && (environment.NO_COLOR ?? '') === '' && environment.TERM !== 'dumb'
}

/** Columns as wide as their widest cell. The heads are in capitals; an empty table has none. */
export function renderTable(heads: readonly string[], rows: readonly (readonly string[])[], paint: Paint): string {
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => widthOf(row[column] ?? ''))))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell))))
      .join('  ')
      .trimEnd()
  return [heads.map((head) => head.toUpperCase()), ...rows]
    .map((row, index) => (index === 0 ? paint('dim', line(row)) : line(row)))
    .map((text) => `${text}\n`)
    .join('')
}

function widthOf(cell: string): number {
  return stripVTControlCharacters(cell).length
}

/** `3d 4h`, `5m 12s`: the two largest units. */
export function renderDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ]
  const first = parts.findIndex(([amount]) => amount > 0)
  if (first === -1) return '0s'
  return parts
    .slice(first, first + 2)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join(' ')
}

export function renderBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let amount = bytes
  let unit = 0
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024
    unit += 1
  }
  return `${unit === 0 || amount >= 10 ? Math.round(amount) : amount.toFixed(1)} ${units[unit]}`
}
