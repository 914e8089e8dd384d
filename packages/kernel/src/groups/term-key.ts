import { isUtf8 } from 'node:buffer'
import { Binary, keyOf } from '@tiebeam/etf'

/** Begins the keys of terms other than text; text that begins with it is none of the usual names, and is treated as another term. */
const MARK = '\0'

/**
 * A key for maps: two values have the same when OTP takes them for the same term. Text, the usual name of a thing, is its own key, which is several
 * times as fast as `keyOf`.
 * @throws EncodeError for what has no term
 */
export function termKey(term: unknown): string {
  const text = textOf(term)
  return text === undefined || text.startsWith(MARK) ? MARK + keyOf(term) : text
}

/** Bytes that are text are the same term as the string. */
function textOf(term: unknown): string | undefined {
  if (typeof term === 'string') return term
  const bytes = term instanceof Binary ? term.bytes : term
  return bytes instanceof Uint8Array && isUtf8(bytes) ? Buffer.from(bytes).toString() : undefined
}
