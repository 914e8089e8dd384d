/** Asks for the addresses of a name, once, in one family. */
export interface AddressResolver {
  /**
   * The addresses of exactly this name (no search list); none when the name server says that the name or the record does not
   * exist. An answer of "none" is an answer: a headless Service whose pods are not ready has no records.
   * @throws ClusterError `LOOKUP_FAILED` or `LOOKUP_TIMEOUT` when there is no answer (SERVFAIL, REFUSED, silence).
   */
  resolve(name: string, family: 4 | 6, signal: AbortSignal): Promise<readonly string[]>
}

/** Asks for the SRV records of a name, once. */
export interface ServiceResolver {
  /**
   * The host that each record names; none when the name server says that there is no such record.
   * @throws ClusterError as {@link AddressResolver} does
   */
  resolveService(name: string, signal: AbortSignal): Promise<readonly string[]>
}

/** A name server of one's own. */
export interface NameServer {
  /** IPv4 or IPv6 address. */
  readonly address: string
  /** Default 53. */
  readonly port?: number
}
