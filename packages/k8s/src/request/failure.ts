import { KubernetesError, type KubernetesStatusCode } from '../errors.ts'
import type { Status } from '../resources/object.ts'

/** Reasons of a Status. https://github.com/kubernetes/apimachinery, `meta/v1/types.go` */
const codeOfReason = new Map<string, KubernetesStatusCode>(
  Object.entries({
    BadRequest: 'BAD_REQUEST',
    Unauthorized: 'UNAUTHORIZED',
    Forbidden: 'FORBIDDEN',
    NotFound: 'NOT_FOUND',
    MethodNotAllowed: 'METHOD_NOT_ALLOWED',
    NotAcceptable: 'NOT_ACCEPTABLE',
    AlreadyExists: 'ALREADY_EXISTS',
    Conflict: 'CONFLICT',
    Gone: 'GONE',
    Expired: 'EXPIRED',
    RequestEntityTooLarge: 'REQUEST_TOO_LARGE',
    UnsupportedMediaType: 'UNSUPPORTED_MEDIA_TYPE',
    Invalid: 'INVALID',
    TooManyRequests: 'TOO_MANY_REQUESTS',
    InternalError: 'INTERNAL_ERROR',
    ServiceUnavailable: 'SERVICE_UNAVAILABLE',
    ServerTimeout: 'SERVER_TIMEOUT',
    Timeout: 'SERVER_TIMEOUT',
  }),
)

/** For answers without a reason that we know: of proxies, mostly. */
const codeOfHttpStatus: Readonly<Record<number, KubernetesStatusCode>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  406: 'NOT_ACCEPTABLE',
  409: 'CONFLICT',
  410: 'EXPIRED',
  413: 'REQUEST_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  422: 'INVALID',
  429: 'TOO_MANY_REQUESTS',
  500: 'INTERNAL_ERROR',
  502: 'SERVICE_UNAVAILABLE',
  503: 'SERVICE_UNAVAILABLE',
  504: 'SERVER_TIMEOUT',
}

const advice: Partial<Readonly<Record<KubernetesStatusCode, string>>> = {
  UNAUTHORIZED: 'The server does not take our credential: check that it belongs to this cluster and has not expired.',
  FORBIDDEN: 'Grant it by a Role and a RoleBinding, or ClusterRole and ClusterRoleBinding.',
  CONFLICT: 'Another wrote in between: read the object again, and apply the change to that.',
  EXPIRED: 'List again.',
}

/** Of an answer that is no Status. */
const EXCERPT_CHARACTERS_MAX = 200

export interface Failure {
  /** What was asked, such as `GET /api/v1/pods`. */
  readonly request: string
  readonly httpStatus: number
  /** Value of the header, if there is one. */
  readonly retryAfter?: string | undefined
  /** The body. */
  readonly text: string
}

/** The error that an unsuccessful answer means. */
export function failureOf({ request, httpStatus, retryAfter, text }: Failure): KubernetesError {
  const status = parseStatus(text)
  const said = status?.message ?? excerpt(text)
  return statusFailure(request, said, httpStatus, status, secondsToMs(retryAfter))
}

/** The error that a Status means which came within a watch. */
export function failureOfStatus(request: string, object: unknown): KubernetesError {
  const status = statusOf(object)
  return statusFailure(request, status?.message ?? '', status?.code ?? 0, status, undefined)
}

function statusFailure(
  request: string,
  said: string,
  httpStatus: number,
  status: Status | undefined,
  headerMs: number | undefined,
): KubernetesError {
  const code = codeOfReason.get(status?.reason ?? '') ?? codeOfHttpStatus[httpStatus] ?? 'UNEXPECTED_STATUS'
  const seconds = status?.details?.retryAfterSeconds
  const bodyMs = typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : undefined
  const parts = [`${request}: ${said === '' ? 'no message' : said.replace(/\.$/, '')} (${httpStatus}).`, advice[code]]
  return new KubernetesError(code, parts.filter((part) => part !== undefined).join(' '), {
    httpStatus,
    retryAfterMs: headerMs ?? bodyMs,
    status,
  })
}

function parseStatus(text: string): Status | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    return (parsed as Status | null)?.kind === 'Status' ? statusOf(parsed) : undefined
  } catch {
    // Not of the API server, then.
    return undefined
  }
}

/** What of an object is as a Status should have it. */
function statusOf(object: unknown): Status | undefined {
  if (typeof object !== 'object' || object === null) return undefined
  const { message, reason, code, details, ...rest } = object as Status
  const { causes, ...about } = typeof details === 'object' && details !== null ? details : {}
  return {
    ...rest,
    ...(typeof message === 'string' && { message }),
    ...(typeof reason === 'string' && { reason }),
    ...(typeof code === 'number' && { code }),
    details: { ...about, ...(Array.isArray(causes) && { causes: causes.filter(isObject) }) },
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

function excerpt(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > EXCERPT_CHARACTERS_MAX ? `${line.slice(0, EXCERPT_CHARACTERS_MAX)}…` : line
}

/** The API server gives seconds; a date, which HTTP allows too, is passed over. */
function secondsToMs(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : undefined
}
