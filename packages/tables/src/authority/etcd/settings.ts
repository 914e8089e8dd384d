import { TablesError } from '../../errors.ts'

export interface EtcdOptions {
  /** URLs of members of one etcd cluster, such as `https://etcd-0:2379`. All or some; each is tried in turn. */
  readonly endpoints: readonly string[]
  /** Where the record lies. Default `/tiebeam/tables/` and the name of the tables. */
  readonly key?: string
  /** A user of etcd's authentication, who may read and write the key. */
  readonly username?: string
  readonly password?: string
  /** For endpoints with `https`. */
  readonly tls?: EtcdTls
  /** Time for a call, in ms, over all endpoints. Default 2,500: a little less than tables wait for an answer. */
  readonly timeoutMs?: number
}

export interface EtcdTls {
  /** Authorities whose certificates are accepted, PEM. Default: those that Node trusts. */
  readonly ca?: string | Buffer | (string | Buffer)[]
  /** A certificate of ours, PEM, where etcd asks for one. */
  readonly cert?: string | Buffer
  /** Its private key, PEM. */
  readonly key?: string | Buffer
  readonly passphrase?: string
  /** The name in the server's certificate, if it is not the host of the endpoint. */
  readonly servername?: string
}

export interface EtcdSettings {
  readonly endpoints: readonly URL[]
  readonly key: string | undefined
  readonly credentials: { readonly name: string; readonly password: string } | undefined
  readonly tls: EtcdTls
  readonly timeoutMs: number
}

const ENDPOINTS_MAX = 100
const KEY_CHARACTERS_MAX = 1024
/** What `setTimeout` can wait. */
const WAIT_MS_MAX = 0x7fffffff

/** @throws TablesError `OPTION_INVALID` */
export function etcdSettings(options: EtcdOptions): EtcdSettings {
  const { endpoints, key, username, password, tls = {}, timeoutMs = 2500 } = options
  if (!Array.isArray(endpoints) || endpoints.length === 0 || endpoints.length > ENDPOINTS_MAX) {
    throw invalid(`endpoints must be a list of 1 to ${ENDPOINTS_MAX} URLs`)
  }
  if (key !== undefined && (typeof key !== 'string' || key.length === 0 || key.length > KEY_CHARACTERS_MAX)) {
    throw invalid(`key must be a text of 1 to ${KEY_CHARACTERS_MAX} characters`)
  }
  if ((username === undefined) !== (password === undefined)) throw invalid('username and password go together')
  if ((tls.cert === undefined) !== (tls.key === undefined)) throw invalid('tls.cert and tls.key go together')
  if (typeof timeoutMs !== 'number' || !(timeoutMs >= 1 && timeoutMs <= WAIT_MS_MAX)) {
    throw invalid(`timeoutMs must be a number from 1 to ${WAIT_MS_MAX}`)
  }
  return {
    endpoints: endpoints.map(endpointOf),
    key,
    credentials: username === undefined || password === undefined ? undefined : { name: username, password },
    tls,
    timeoutMs,
  }
}

function endpointOf(text: unknown): URL {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.pathname !== '/' || url.username !== '') {
    throw invalid(
      `${JSON.stringify(text)} is no endpoint: it must be a URL such as http://etcd:2379, with no path and no user`,
    )
  }
  return url
}

function invalid(problem: string): TablesError {
  return new TablesError('OPTION_INVALID', `etcd: ${problem}.`)
}
