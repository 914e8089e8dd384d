/** Where our own attempt to reach a peer is. */
export type AttemptStage =
  /** There is none. */
  | 'none'
  /** Its address is being looked up, or the connection is being opened. */
  | 'locating'
  /** The peer has been sent our name. */
  | 'handshaking'
  /** Given up in favour of a connection that the peer makes. */
  | 'waiting'

export interface CallerInput {
  readonly ownName: string
  readonly callerName: string
  readonly connected: boolean
  readonly attempt: AttemptStage
}

export type CallerDecision = 'ok' | 'ok_simultaneous' | 'nok' | 'alive'

/**
 * What a caller with this name is told: the rule for simultaneous connects of OTP's net_kernel (`accept_pending`) and of the handshake
 * chapter of the Distribution Protocol guide. Of two nodes that dial each other, the attempt of the one with the greater name stands.
 *
 * As long as our own attempt has not told the peer our name, nobody but us knows of it, and it simply gives way (`yields`).
 * Afterwards it is left running, whatever the caller is told: a caller that is who it says it is answers it with `nok`, and one that is
 * not must not be able to end it. That there is a connection already changes nothing when both want another one in its place.
 */
export function decideCaller({ ownName, callerName, connected, attempt }: CallerInput): CallerDecision {
  // Names are Latin-1, so the order of code units is the order of Erlang terms.
  if (attempt === 'handshaking' && ownName > callerName) return 'nok'
  if (connected) return 'alive'
  return attempt === 'handshaking' ? 'ok_simultaneous' : 'ok'
}

/** Whether our attempt gives way to the caller. */
export function yields(attempt: AttemptStage): boolean {
  return attempt === 'locating'
}
