import { Atom, Tuple } from '@tiebeam/distribution'

/** The code in JavaScript for a term that {@link parseTerm} gave, with `atom` and `tuple` of `@tiebeam/distribution`. */
export function sourceOf(term: unknown): string {
  if (term instanceof Atom) return `atom(${JSON.stringify(term.name)})`
  if (term instanceof Tuple) return `tuple(${[...term.elements].map(sourceOf).join(', ')})`
  if (Array.isArray(term)) return `[${term.map(sourceOf).join(', ')}]`
  if (term instanceof Map) return `new Map(${sourceOf([...term])})`
  if (typeof term === 'bigint') return `${term}n`
  if (typeof term !== 'object' || term === null) return JSON.stringify(term)
  const entries = Object.entries(term).map(([key, value]) => `[${JSON.stringify(key)}]: ${sourceOf(value)}`)
  return `({ ${entries.join(', ')} })`
}
