import { isIP } from 'node:net'
import type { ConnectionOptions, TlsOptions as TlsServerOptions } from 'node:tls'

/** Certificates of a node. All nodes of a cluster use TLS, or none does. */
export interface TlsInit {
  /** This node's certificate chain, PEM. */
  readonly cert: string | Buffer
  /** Its private key, PEM. */
  readonly key: string | Buffer
  readonly passphrase?: string
  /** The authorities whose certificates are accepted, PEM. Default: those of the system, which is rarely what a cluster wants. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[]
  /**
   * Whether the other side must show a certificate that `ca` signed, as dialler and as acceptor. Default true. The cookie is checked
   * either way.
   */
  readonly verifyPeer?: boolean
  /** Whether the certificate of a node that we dial must be made out to the host of its name. Default: as `verifyPeer`. */
  readonly verifyHost?: boolean
  /** Default 'TLSv1.2'. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3'
}

/** Time for the TLS handshake of an incoming connection; the distribution's own handshake has its time after it. */
const TLS_HANDSHAKE_MS = 7_000

function certificates(init: TlsInit) {
  const { ca } = init
  return {
    cert: init.cert,
    key: init.key,
    ...(init.passphrase !== undefined && { passphrase: init.passphrase }),
    ...(ca !== undefined && { ca: typeof ca === 'string' || Buffer.isBuffer(ca) ? ca : [...ca] }),
    minVersion: init.minVersion ?? ('TLSv1.2' as const),
  }
}

/**
 * Options to dial a node with. SNI names the host of the node's name, as OTP does, unless that is an IP address, for which SNI has no
 * form (RFC 6066).
 */
export function clientTlsOptions(init: TlsInit, host: string): ConnectionOptions {
  const verifyPeer = init.verifyPeer ?? true
  return {
    ...certificates(init),
    rejectUnauthorized: verifyPeer,
    ...(isIP(host) === 0 ? { servername: host } : { servername: '' }),
    ...((init.verifyHost ?? verifyPeer) ? {} : { checkServerIdentity: () => undefined }),
  }
}

export function serverTlsOptions(init: TlsInit): TlsServerOptions {
  const verifyPeer = init.verifyPeer ?? true
  return {
    ...certificates(init),
    requestCert: verifyPeer,
    rejectUnauthorized: verifyPeer,
    handshakeTimeout: TLS_HANDSHAKE_MS,
  }
}
