/** What is served besides metrics. */
export interface Health {
  /** Whether the app runs: its node and its root supervisor. Else a restart of the process helps. */
  isAlive(): boolean
  /** What keeps the app from taking work; nothing when it is ready. */
  waitsFor(): readonly string[]
}

export interface Answer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** The answer to a request, or undefined for `/metrics`, which takes time. */
export function answerOf(method: string, path: string, health: Health): Answer | undefined {
  if (method !== 'GET' && method !== 'HEAD') return { ...plain(405, 'only GET and HEAD are served here\n') }
  switch (path) {
    case '/healthz':
      return health.isAlive() ? plain(200, 'ok\n') : plain(503, 'the root supervisor has ended\n')
    case '/readyz': {
      const waitsFor = health.waitsFor()
      return waitsFor.length === 0 ? plain(200, 'ok\n') : plain(503, `waits for ${waitsFor.join(', ')}\n`)
    }
    case '/metrics':
      return undefined
    default:
      return plain(404, 'there are /healthz, /readyz and /metrics\n')
  }
}

function plain(status: number, body: string): Answer {
  return { status, contentType: 'text/plain; charset=utf-8', body }
}
