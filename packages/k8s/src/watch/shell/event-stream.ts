import { KubernetesError } from '../../errors.ts'
import type { OpenResponse } from '../../request/shell/client.ts'
import type { ServerEvent, StreamEnd } from '../events.ts'
import { LineSplitter } from '../line-splitter.ts'

export interface EventStreamInit {
  readonly eventBytesMax: number
  readonly silenceMs: number
}

type Reading =
  | { readonly type: 'received'; readonly event: ServerEvent }
  | { readonly type: 'ended'; readonly end: StreamEnd }

/** The events of one response, read one by one; no faster than they are asked for. */
export class EventStream {
  readonly #open: OpenResponse
  readonly #silenceMs: number
  readonly #chunks: AsyncIterator<Buffer>
  readonly #splitter: LineSplitter
  #lines: Iterator<string> = [].values()

  constructor(open: OpenResponse, { eventBytesMax, silenceMs }: EventStreamInit) {
    this.#open = open
    this.#silenceMs = silenceMs
    this.#splitter = new LineSplitter(eventBytesMax)
    this.#chunks = (open.response as AsyncIterable<Buffer>)[Symbol.asyncIterator]()
  }

  async next(): Promise<Reading> {
    try {
      for (;;) {
        const line = this.#lines.next()
        if (line.done !== true) return { type: 'received', event: this.#parse(line.value) }
        const chunk = await this.#chunk()
        if ('kind' in chunk) return { type: 'ended', end: chunk }
        this.#lines = this.#splitter.push(chunk)
      }
    } catch (error) {
      if (error instanceof KubernetesError) return { type: 'ended', end: { kind: 'failed', error } }
      throw error
    }
  }

  close(): void {
    this.#open.finish()
  }

  async #chunk(): Promise<Buffer | StreamEnd> {
    const silence = new Error('silence')
    let judgement: NodeJS.Immediate | undefined
    const timer = setTimeout(() => {
      // What came while the event loop was blocked is read first: then it was not silent.
      judgement = setImmediate(() => this.#open.response.destroy(silence))
    }, this.#silenceMs)
    try {
      const { done, value } = await this.#chunks.next()
      if (done !== true) return value
      // The server ends each event with a newline: half of one is a loss.
      return { kind: this.#splitter.pendingBytes > 0 ? 'lost' : 'closed' }
    } catch (error) {
      return { kind: error === silence ? 'silent' : 'lost' }
    } finally {
      clearTimeout(timer)
      clearImmediate(judgement)
    }
  }

  #parse(line: string): ServerEvent {
    let event: unknown
    try {
      event = JSON.parse(line)
    } catch {
      throw this.#malformed()
    }
    const { type, object } = (event ?? {}) as Partial<ServerEvent>
    if (typeof type !== 'string' || typeof object !== 'object' || object === null) throw this.#malformed()
    return { type, object }
  }

  #malformed(): KubernetesError {
    return new KubernetesError(
      'RESPONSE_MALFORMED',
      `${this.#open.request}: the answer is no stream of watch events. Is it the API server that answers, or a proxy before it?`,
    )
  }
}
