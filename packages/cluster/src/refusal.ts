/**
 * Codes of failed attempts at a peer that is there, but will not have us, or is not the one we meant: dialling it again within
 * the second would change nothing, and fill its log.
 */
const REFUSALS: ReadonlySet<string> = new Set([
  'COOKIE_MISMATCH',
  'PEER_NAME_MISMATCH',
  'PEER_NOT_ALLOWED',
  'PEER_FLAGS_MISSING',
  'DYNAMIC_NAME_REFUSED',
  'HANDSHAKE_MALFORMED',
  'HANDSHAKE_UNEXPECTED',
  'NODE_NAME_INVALID',
  'TLS_FAILED',
])

/** Whether a failed attempt with this code is repeated slowly. */
export function isRefusal(code: string): boolean {
  return REFUSALS.has(code)
}
