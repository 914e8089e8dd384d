import { isFields } from '../../wire/checks.ts'

/*
 * The JSON form of etcd's gRPC: keys and values in base64, 64-bit numbers as text, and what is zero, false or empty left out.
 * https://etcd.io/docs/v3.4/dev-guide/api_grpc_gateway/ and https://etcd.io/docs/v3.4/dev-guide/api_reference_v3/
 */

export interface Question {
  readonly path: string
  readonly body: unknown
}

/** What the key holds. The revision is that of its last write; 0 where there is no key. */
export interface Held {
  readonly revision: string
  readonly value: string | undefined
}

/** Linearizable, as etcd's reads are unless `serializable` is asked for. */
export function rangeOf(key: string): Question {
  return { path: '/v3/kv/range', body: { key: base64(key) } }
}

export function swapOf(key: string, value: string, revision: string): Question {
  return {
    path: '/v3/kv/txn',
    body: {
      compare: [{ key: base64(key), target: 'MOD', result: 'EQUAL', mod_revision: revision }],
      success: [{ request_put: { key: base64(key), value: base64(value) } }],
    },
  }
}

export function authenticationOf(credentials: { readonly name: string; readonly password: string }): Question {
  return { path: '/v3/auth/authenticate', body: credentials }
}

/** Undefined: not an answer of etcd. */
export function heldIn(answer: unknown): Held | undefined {
  if (!isAnswer(answer)) return undefined
  const { kvs = [] } = answer
  if (!Array.isArray(kvs)) return undefined
  if (kvs.length === 0) return { revision: '0', value: undefined }
  const [found] = kvs as unknown[]
  if (!isFields(found)) return undefined
  const { mod_revision: revision, value = '' } = found
  if (typeof revision !== 'string' || !/^[1-9]\d*$/.test(revision) || typeof value !== 'string') return undefined
  return { revision, value: Buffer.from(value, 'base64').toString() }
}

/** Whether the swap was done. Undefined: not an answer of etcd. */
export function isSwapped(answer: unknown): boolean | undefined {
  if (!isAnswer(answer)) return undefined
  const { succeeded = false } = answer
  return typeof succeeded === 'boolean' ? succeeded : undefined
}

export function tokenIn(answer: unknown): string | undefined {
  return isAnswer(answer) && typeof answer.token === 'string' ? answer.token : undefined
}

export interface Refusal {
  /** `token`: it expired, or the users changed; another one may do. `refused`: we may not. `unknown`: it may have been done all the same. */
  readonly type: 'token' | 'refused' | 'unknown'
  readonly problem: string
}

/** Codes of gRPC: of 3, 7, 9 and 16 etcd has done nothing. */
const [INVALID_ARGUMENT, PERMISSION_DENIED, FAILED_PRECONDITION, UNAUTHENTICATED] = [3, 7, 9, 16] as const

/** What an answer means that is no success. */
export function refusalOf(status: number, text: string): Refusal {
  const answer = parse(text)
  const { code, error } = isFields(answer) ? answer : {}
  const problem = typeof error === 'string' ? error.slice(0, 200) : `HTTP status ${status}`
  if (status === 404) return { type: 'unknown', problem: `${problem}; is it etcd, of release 3.4 or later?` }
  if (code === UNAUTHENTICATED || /revision of auth store is old/.test(problem)) return { type: 'token', problem }
  const isRefused = code === INVALID_ARGUMENT || code === PERMISSION_DENIED || code === FAILED_PRECONDITION
  return { type: isRefused ? 'refused' : 'unknown', problem }
}

export function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** All answers of etcd have a header. */
function isAnswer(value: unknown): value is Readonly<Record<string, unknown>> {
  return isFields(value) && isFields(value.header)
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
