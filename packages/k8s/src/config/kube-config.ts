/** Text in PEM form, or a file that holds it, which is read again when it may have changed. */
export type PemSource = { readonly data: string } | { readonly file: string }

/** Where an API server is, how to know that it is the one, and who we are. */
export interface KubeConfig {
  /** URL, with a path if the server is behind one. */
  readonly server: string
  /** Used when a call names no namespace. */
  readonly namespace: string
  /** Certificates that the server's must be signed by. Default: those that Node trusts. */
  readonly certificateAuthority?: PemSource
  /** Name in the server's certificate, if it is not that of the URL. */
  readonly tlsServerName?: string
  /** Takes any certificate: whoever sits in between can then read and change everything. */
  readonly insecureSkipTlsVerify?: boolean
  readonly credentials?: Credentials
}

/** What proves who we are. A client certificate may go with one of the others; of those the first that is given is used. */
export interface Credentials {
  readonly clientCertificate?: PemSource
  readonly clientKey?: PemSource
  /** Read again when it may have changed: tokens of service accounts last an hour. */
  readonly tokenFile?: string
  readonly token?: string
  readonly basic?: { readonly username: string; readonly password: string }
  readonly exec?: ExecPlugin
}

/** A program that prints a credential. https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins */
export interface ExecPlugin {
  readonly apiVersion: string
  /** Looked for in PATH, unless it holds a `/`. */
  readonly command: string
  readonly args: readonly string[]
  /** Added to the environment of this process. */
  readonly env: Readonly<Record<string, string>>
  /** Told when the program is not there. */
  readonly installHint?: string
  /** Whether the program is told of the cluster, in KUBERNETES_EXEC_INFO. */
  readonly provideClusterInfo: boolean
  /** `Always` cannot be served: an application has no terminal to ask at. */
  readonly interactiveMode: 'Never' | 'IfAvailable' | 'Always'
  /** What `extensions` of the cluster hold for the plugin. */
  readonly clusterExtension?: unknown
}
