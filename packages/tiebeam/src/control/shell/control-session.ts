import type { Socket } from 'node:net'
import type { Logger } from '@tiebeam/distribution'
import { TIEBEAM_VERSION } from '../../version.ts'
import {
  type About,
  type ControlAnswer,
  type ControlRequest,
  decodeRequest,
  encodeLine,
  LineReader,
  REQUEST_BYTES_MAX,
} from '../protocol.ts'
import { textOf } from '../text-of.ts'
import { toJson } from '../to-json.ts'
import { Interpreter, type Outcome } from './interpreter.ts'

export interface ControlSessionInit {
  readonly socket: Socket
  readonly context: Readonly<Record<string, unknown>>
  readonly stop: () => Promise<void>
  readonly about?: Partial<About>
  readonly logger: Logger
}

/** A client that sends more without waiting for answers is not read until they are given. */
const REQUESTS_WAITING_MAX = 16
/** What waits for a client that does not read; beyond it the client is dropped. */
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024

/** One client of the control socket, with variables of its own. */
export class ControlSession {
  readonly #init: ControlSessionInit
  readonly #lines = new LineReader(REQUEST_BYTES_MAX)
  readonly #requests: ControlRequest[] = []
  #interpreter: Promise<Interpreter> | undefined
  #isWorking = false
  #colours = false

  constructor(init: ControlSessionInit) {
    this.#init = init
  }

  start(): void {
    const { socket, logger } = this.#init
    socket.on('data', (chunk) => {
      try {
        for (const line of this.#lines.push(chunk)) this.#requests.push(decodeRequest(line))
      } catch (error) {
        logger.warn({ err: error }, 'A client of the control socket was refused.')
        this.refuse((error as Error).message)
        return
      }
      if (this.#requests.length > REQUESTS_WAITING_MAX) socket.pause()
      void this.#work()
    })
    socket.once('close', () => void this.#interpreter?.then((interpreter) => interpreter.close()))
  }

  refuse(reason: string): void {
    const { socket } = this.#init
    socket.removeAllListeners('data')
    socket.end(encodeLine({ type: 'refused', reason }), () => socket.destroy())
  }

  async #work(): Promise<void> {
    if (this.#isWorking) return
    this.#isWorking = true
    for (let request = this.#requests.shift(); request !== undefined; request = this.#requests.shift()) {
      if (this.#init.socket.destroyed) break
      this.#send(await this.#answered(request))
      if (this.#requests.length === 0) this.#init.socket.resume()
    }
    this.#isWorking = false
  }

  /** What goes wrong here is this client's matter, and never ends the process. */
  async #answered(request: ControlRequest): Promise<ControlAnswer> {
    try {
      return await this.#answer(request)
    } catch (error) {
      this.#init.logger.warn({ err: error }, 'A request on the control socket failed.')
      return { id: request.id, type: 'failed', text: textOf(error) }
    }
  }

  async #answer(request: ControlRequest): Promise<ControlAnswer> {
    const { id } = request
    switch (request.type) {
      case 'about':
        return { id, type: 'about', about: { ...this.#init.about, pid: process.pid, version: TIEBEAM_VERSION } }
      case 'evaluate': {
        this.#colours = request.colours ?? false
        const interpreter = await this.#start()
        const outcome = await interpreter.evaluate(request.code)
        return { id, ...printed(outcome, request) }
      }
      case 'complete': {
        const interpreter = await this.#start()
        const [completions, of] = await interpreter.complete(request.line)
        return { id, type: 'completions', completions, of }
      }
      case 'stop':
        this.#init.logger.info('The app was told to stop over its control socket.')
        // The answer goes first: the connection ends with the app.
        setImmediate(() => {
          this.#init
            .stop()
            .catch((error: unknown) => this.#init.logger.error({ err: error }, 'The app could not stop.'))
        })
        return { id, type: 'stopping' }
    }
  }

  #start(): Promise<Interpreter> {
    this.#interpreter ??= Interpreter.start({
      context: this.#init.context,
      onOutput: (text) => this.#send({ type: 'output', text }),
      textOf: (value) => textOf(value, this.#colours),
    })
    return this.#interpreter
  }

  #send(answer: ControlAnswer): void {
    const { socket } = this.#init
    if (socket.destroyed || !socket.writable) return
    socket.write(encodeLine(answer))
    if (socket.writableLength > OUTPUT_BYTES_MAX) socket.destroy()
  }
}

type Printed = { readonly type: 'value' | 'failed'; readonly text: string } | { readonly type: 'incomplete' }

function printed(outcome: Outcome, { colours = false, json = false }: { colours?: boolean; json?: boolean }): Printed {
  try {
    switch (outcome.type) {
      case 'incomplete':
        return { type: 'incomplete' }
      case 'failed':
        return { type: 'failed', text: textOf(outcome.error, colours) }
      case 'value':
        return { type: 'value', text: json ? toJson(outcome.value) : textOf(outcome.value, colours) }
    }
  } catch (error) {
    // A getter of the value, or its own way of being inspected, has thrown.
    return { type: 'failed', text: `The value cannot be shown: ${String((error as Error)?.message)}` }
  }
}
