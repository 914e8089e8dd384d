import { type InspectOptions, inspect } from 'node:util'

/** What util.inspect hands to a custom inspection. */
export type InspectDepth = InspectOptions & { stylize?: unknown }

const bareAtom = /^[a-zA-Z_][\w@]*[?!]?$/
const shownBytes = 32

export function inspectAtom(name: string): string {
  return bareAtom.test(name) ? `:${name}` : `:${JSON.stringify(name)}`
}

export function inspectTuple(elements: readonly unknown[], depth = 3, options: InspectDepth = {}): string {
  if (depth < 0) return '{…}'
  return `{${elements.map((element) => inspectElement(element, depth, options)).join(', ')}}`
}

export function inspectImproperList(
  elements: readonly unknown[],
  tail: unknown,
  depth = 3,
  options: InspectDepth = {},
): string {
  if (depth < 0) return '[… | …]'
  const shown = elements.map((element) => inspectElement(element, depth, options)).join(', ')
  return `[${shown} | ${inspectElement(tail, depth, options)}]`
}

/** `<<1, 2, 3>>`, or `<<1, 3:4>>` when only some bits of the last byte count. */
export function inspectBits(bytes: Uint8Array, lastBits: number): string {
  const parts: string[] = []
  for (const byte of bytes.subarray(0, shownBytes)) parts.push(String(byte))
  if (bytes.length > shownBytes) parts.push(`… ${bytes.length - shownBytes} more`)
  else if (lastBits < 8) parts[parts.length - 1] = `${bytes[bytes.length - 1]! >> (8 - lastBits)}:${lastBits}`
  return `<<${parts.join(', ')}>>`
}

export function inspectText(text: string): string {
  return `<<${JSON.stringify(text)}>>`
}

export function inspectFloat(value: number): string {
  if (Object.is(value, -0)) return '-0.0'
  const shown = String(value)
  return /^-?\d+$/.test(shown) ? `${shown}.0` : shown
}

function inspectElement(value: unknown, depth: number, options: InspectDepth): string {
  return inspect(value, { ...options, depth: depth - 1 })
}
