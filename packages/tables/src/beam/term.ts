import { Atom, atom, type Tuple, toObject, tuple } from '@tiebeam/distribution'
import { TablesError } from '../errors.ts'

/** `{ok, Value}` */
export function okTerm(value: unknown): Tuple {
  return tuple(atom('ok'), value)
}

/** `{error, {Code, Message}}`; the code is that of the error, in lower case, or `failed`. */
export function errorTerm(error: unknown): Tuple {
  const code = (error as { code?: unknown } | null)?.code
  const message = error instanceof Error ? error.message : 'the call failed'
  return tuple(atom('error'), tuple(atom(typeof code === 'string' ? code.toLowerCase() : 'failed'), message))
}

/**
 * A row that a BEAM node sent: a map whose keys are atoms or binaries.
 * @throws TablesError `ROW_INVALID`
 */
export function rowOfTerm(term: unknown): Record<string, unknown> {
  if (typeof term !== 'object' || term === null || Array.isArray(term)) throw invalidRow(term)
  try {
    return toObject(term)
  } catch (cause) {
    throw invalidRow(term, cause)
  }
}

/** Options that a BEAM node sent as a map, such as `%{gte: 1, limit: 10}`. `nil` and `false` for atoms are values already. */
export function optionsOfTerm(term: unknown): Record<string, unknown> {
  try {
    return toObject(term as object)
  } catch (cause) {
    throw new TablesError('OPTION_INVALID', 'bounds are a map, such as #{gte => 1, lt => 10}', { cause })
  }
}

/** The name of an atom, a string as it is. */
export function nameOfTerm(term: unknown): unknown {
  return term instanceof Atom ? term.name : term
}

function invalidRow(term: unknown, cause?: unknown): TablesError {
  return new TablesError('ROW_INVALID', `a row is a map whose keys are atoms or binaries, not ${String(term)}`, {
    cause,
  })
}
