import type { KubeConfig, PemSource } from '../../config/kube-config.ts'
import type { Logger } from '../../logger.ts'
import type { ExecCredential } from '../exec-credential.ts'
import { runExecPlugin } from './exec-plugin.ts'
import { FileReader } from './file-reader.ts'

/** What a request carries, and what its connection is made with. */
export interface Credential {
  /** Value of the header. */
  readonly authorization: string | undefined
  readonly certificateAuthority: string | undefined
  readonly clientCertificate: string | undefined
  readonly clientKey: string | undefined
}

/** A credential that ends this soon is renewed before it is used. */
const EXPIRY_LEEWAY_MS = 10_000

export interface CredentialSourceInit {
  /** Time after which files are read again, in ms. */
  readonly rereadMs: number
  readonly logger: Logger | undefined
}

/** Gives the credential of the moment: rotated files are read again, plugins run again when theirs has expired. */
export class CredentialSource {
  readonly #config: KubeConfig
  readonly #files: FileReader
  #plugged: Promise<ExecCredential> | undefined
  /** What `current()` gave last. */
  #last: Credential | undefined

  constructor(config: KubeConfig, { rereadMs, logger }: CredentialSourceInit) {
    this.#config = config
    this.#files = new FileReader(rereadMs, logger)
  }

  /** @throws KubernetesError `CREDENTIAL_UNAVAILABLE` */
  async current(): Promise<Credential> {
    this.#last = await this.#credential()
    return this.#last
  }

  /** The server refused this one: unless another was given since, the next `current()` takes nothing from memory. */
  expire(refused: Credential): void {
    if (refused.authorization !== this.#last?.authorization) return
    if (refused.clientCertificate !== this.#last?.clientCertificate) return
    this.#files.expire()
    this.#plugged = undefined
  }

  async #credential(): Promise<Credential> {
    const { credentials = {}, certificateAuthority } = this.#config
    const [ca, clientCertificate, clientKey, stated] = await Promise.all([
      this.#pem(certificateAuthority),
      this.#pem(credentials.clientCertificate),
      this.#pem(credentials.clientKey),
      this.#authorization(),
    ])
    const base = { authorization: stated, certificateAuthority: ca, clientCertificate, clientKey }
    if (credentials.exec === undefined || stated !== undefined) return base
    const plugged = await this.#plugin(ca)
    return {
      certificateAuthority: ca,
      authorization: plugged.token === undefined ? undefined : `Bearer ${plugged.token}`,
      clientCertificate: plugged.clientCertificate ?? clientCertificate,
      clientKey: plugged.clientKey ?? clientKey,
    }
  }

  async #authorization(): Promise<string | undefined> {
    const { tokenFile, token, basic } = this.#config.credentials ?? {}
    if (tokenFile !== undefined) return `Bearer ${(await this.#files.read(tokenFile)).trim()}`
    if (token !== undefined) return `Bearer ${token}`
    if (basic === undefined) return undefined
    return `Basic ${Buffer.from(`${basic.username}:${basic.password}`).toString('base64')}`
  }

  async #pem(source: PemSource | undefined): Promise<string | undefined> {
    if (source === undefined) return undefined
    return 'data' in source ? source.data : this.#files.read(source.file)
  }

  /** One run at a time, whose credential all requests share until it expires. */
  async #plugin(certificateAuthority: string | undefined): Promise<ExecCredential> {
    const last = this.#plugged
    if (last !== undefined) {
      const { expiresAtMs } = await last
      if (expiresAtMs === undefined || Date.now() < expiresAtMs - EXPIRY_LEEWAY_MS) return last
      // Another request may have begun to renew it meanwhile.
      if (this.#plugged === last) this.#plugged = undefined
    }
    this.#plugged ??= this.#run(certificateAuthority)
    return this.#plugged
  }

  #run(certificateAuthority: string | undefined): Promise<ExecCredential> {
    const { server, tlsServerName, insecureSkipTlsVerify, credentials } = this.#config
    const run = runExecPlugin(credentials!.exec!, {
      server,
      tlsServerName,
      insecureSkipTlsVerify,
      certificateAuthority,
    })
    // A failure is not kept: the next request tries again.
    run.catch(() => {
      if (this.#plugged === run) this.#plugged = undefined
    })
    return run
  }
}
