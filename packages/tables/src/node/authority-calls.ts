import type { Logger } from '@tiebeam/distribution'
import type { AuthorityHost, AuthorityKind, StartedAuthority } from '../authority/authority-kind.ts'
import { TablesError } from '../errors.ts'
import type { Member, View } from '../member.ts'
import type { AuthorityAnswer } from '../replica/event.ts'

export interface AuthorityCallsInit {
  readonly kind: AuthorityKind
  readonly host: AuthorityHost
  readonly logger: Logger
  /** Without an answer for so long a call counts as unknown. */
  readonly timeoutMs: number
}

/** The authority at work for this process, asked on behalf of a replica: always one answer, in time, whatever the authority does. */
export class AuthorityCalls {
  readonly #init: AuthorityCallsInit
  #authority: StartedAuthority | undefined
  #isStopped = false
  #problem: string | undefined
  unknown = 0

  constructor(init: AuthorityCallsInit) {
    this.#init = init
  }

  /** Why it does not answer; undefined when its last answer was a definite one. */
  get problem(): string | undefined {
    return this.#problem
  }

  async start(): Promise<void> {
    const authority = await this.#init.kind.start(this.#init.host)
    if (this.#isStopped) await authority.stop()
    else this.#authority = authority
  }

  /** As one that knows nothing of what was before. */
  async startAgain(): Promise<void> {
    const authority = this.#authority
    this.#authority = undefined
    await authority?.stop()
    await this.start()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    const authority = this.#authority
    this.#authority = undefined
    await authority?.stop()
  }

  /** False without proof, for whatever reason. */
  async proveDead(member: Member): Promise<boolean> {
    try {
      return (await this.#authority?.proveDead?.(member)) ?? false
    } catch (error) {
      this.#init.logger.debug({ err: error, member }, 'tables: no proof to be had')
      return false
    }
  }

  async read(): Promise<AuthorityAnswer> {
    return this.#answerOf(async (authority) => ({ type: 'read', view: await authority.read() }))
  }

  async install(next: View, expectedEpoch: number): Promise<AuthorityAnswer> {
    return this.#answerOf((authority) => authority.install(next, expectedEpoch))
  }

  async #answerOf(ask: (authority: StartedAuthority) => Promise<AuthorityAnswer>): Promise<AuthorityAnswer> {
    const authority = this.#authority
    if (authority === undefined) return { type: 'unknown' }
    const { timeoutMs } = this.#init
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      const error = new TablesError('AUTHORITY_UNKNOWN', `The authority did not answer within ${timeoutMs} ms.`)
      timer = setTimeout(() => reject(error), timeoutMs)
    })
    try {
      const answer = await Promise.race([ask(authority), late])
      this.#answered()
      return answer
    } catch (error) {
      this.#failed(error)
      return { type: 'unknown' }
    } finally {
      clearTimeout(timer)
    }
  }

  #answered(): void {
    if (this.#problem === undefined) return
    this.#problem = undefined
    this.#init.logger.info({}, 'tables: the authority answers again')
  }

  #failed(error: unknown): void {
    this.unknown += 1
    const problem = error instanceof Error ? error.message : String(error)
    if (this.#problem === undefined) {
      this.#init.logger.warn({ err: error }, 'tables: the authority does not answer; views do not change until it does')
    }
    this.#problem = problem
  }
}
