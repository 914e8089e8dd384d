import { TablesError } from '../../../errors.ts'
import type { View } from '../../../member.ts'
import { readRecord, writeRecord } from '../../record.ts'
import type { RecordStore } from '../../shell/record-authority.ts'
import {
  authenticationOf,
  heldIn,
  isSwapped,
  parse,
  type Question,
  type Refusal,
  rangeOf,
  refusalOf,
  swapOf,
  tokenIn,
} from '../messages.ts'
import type { EtcdSettings } from '../settings.ts'
import { type Answer, ExchangeError, exchange } from './exchange.ts'

/** A call has to end well before its time is up on the last endpoint, too. */
const SHARE_OF_TIME = 0.9

/** The record as a key of etcd, its version the revision of the key's last write. */
export class EtcdStore implements RecordStore<string> {
  readonly #settings: EtcdSettings
  readonly #tables: string
  readonly #key: string
  /** The endpoint that answered last is asked first. */
  #preferred = 0
  #token: string | undefined

  constructor(settings: EtcdSettings, tables: string) {
    this.#settings = settings
    this.#tables = tables
    this.#key = settings.key ?? `/tiebeam/tables/${tables}`
  }

  async read(signal: AbortSignal): Promise<{ readonly view: View | undefined; readonly version: string }> {
    const held = heldIn(await this.#ask(rangeOf(this.#key), true, signal))
    if (held === undefined) throw noEtcd()
    const where = `the key ${this.#key} of etcd`
    const view = held.value === undefined ? undefined : readRecord(held.value, { tables: this.#tables, where })
    return { view, version: held.revision }
  }

  async write(view: View, version: string, signal: AbortSignal): Promise<boolean> {
    const swap = swapOf(this.#key, writeRecord(this.#tables, view), version)
    const swapped = isSwapped(await this.#ask(swap, false, signal))
    if (swapped === undefined) throw noEtcd()
    return swapped
  }

  close(): void {}

  /** With a token where there is a user, and with a new one when etcd does not take it: it refuses before it does anything. */
  async #ask(question: Question, isRead: boolean, signal: AbortSignal): Promise<unknown> {
    for (let refused: Refusal | undefined; ; ) {
      this.#token ??= await this.#authenticate(signal)
      const { status, text } = await this.#send(question, isRead, signal)
      if (status === 200) return parse(text)
      const refusal = refusalOf(status, text)
      if (refusal.type !== 'token' || this.#settings.credentials === undefined || refused !== undefined) {
        throw failureOf(refusal)
      }
      this.#token = undefined
      refused = refusal
    }
  }

  async #authenticate(signal: AbortSignal): Promise<string | undefined> {
    const { credentials } = this.#settings
    if (credentials === undefined) return undefined
    const { status, text } = await this.#send(authenticationOf(credentials), true, signal)
    if (status !== 200) throw failureOf(refusalOf(status, text))
    const token = tokenIn(parse(text))
    if (token === undefined) throw noEtcd()
    return token
  }

  /** Endpoint after endpoint, as long as nothing that changes anything has been sent. */
  async #send(question: Question, isRead: boolean, signal: AbortSignal): Promise<Answer> {
    const { endpoints, tls, timeoutMs } = this.#settings
    const problems: string[] = []
    for (let tried = 0; tried < endpoints.length; tried += 1) {
      const index = this.#preferred
      try {
        const answer = await exchange({
          endpoint: endpoints[index] as URL,
          path: question.path,
          body: JSON.stringify(question.body),
          headers: this.#token === undefined ? {} : { authorization: this.#token },
          tls,
          signal,
          attemptMs: (timeoutMs * SHARE_OF_TIME) / endpoints.length,
          isRead,
        })
        // Another member may know more than one that has lost its leader.
        if (!isRead || answer.status < 500) return answer
        problems.push(`${endpoints[index]?.host}: ${refusalOf(answer.status, answer.text).problem}`)
        this.#tryNextFirst()
      } catch (error) {
        this.#tryNextFirst()
        if (!(error instanceof ExchangeError) || signal.aborted) throw error
        problems.push(error.message)
        if (error.isSent && !isRead) break
      }
    }
    throw unknown(problems)
  }

  #tryNextFirst(): void {
    this.#preferred = (this.#preferred + 1) % this.#settings.endpoints.length
  }
}

function failureOf({ type, problem }: Refusal): TablesError {
  if (type === 'unknown') return unknown([problem])
  return new TablesError(
    'AUTHORITY_REFUSED',
    `etcd refuses: ${problem}. Check the user and the password, and that the user's role may read and write the key.`,
  )
}

function unknown(problems: readonly string[]): TablesError {
  return new TablesError('AUTHORITY_UNKNOWN', `etcd gave no answer that tells what happened: ${problems.join('; ')}.`)
}

function noEtcd(): TablesError {
  return new TablesError(
    'AUTHORITY_UNKNOWN',
    'The answer is none of etcd. Check that the endpoints are those of etcd itself.',
  )
}
