import { connect, type Socket } from 'node:net'
import { TiebeamError } from '../../errors.ts'
import {
  type About,
  ANSWER_BYTES_MAX,
  type ControlAnswer,
  type ControlRequest,
  decodeAnswer,
  encodeLine,
  LineReader,
} from '../protocol.ts'
import { checkSocketPath } from '../socket-path.ts'

type WithoutId<Request> = Request extends ControlRequest ? Omit<Request, 'id'> : never
type Numbered = Extract<ControlAnswer, { readonly id: number }>
type Answer<Type extends Numbered['type']> = Extract<Numbered, { readonly type: Type }>

interface Waiting {
  readonly resolve: (answer: Numbered) => void
  readonly reject: (error: TiebeamError) => void
}

/** The other side of a control server. Every request rejects with `APP_NOT_RUNNING` or `CONTROL_REFUSED` when the connection ends. */
export class ControlClient {
  /** Resolves when the connection has ended. */
  readonly closed: Promise<void>
  /** Hears what evaluated code prints. */
  onOutput: (text: string) => void = () => {}
  readonly #socket: Socket
  readonly #path: string
  readonly #waiting = new Map<number, Waiting>()
  #nextId = 1
  #refusal: string | undefined

  /** @throws TiebeamError `APP_NOT_RUNNING`, `CONTROL_DENIED`, `RUN_DIRECTORY_UNUSABLE` */
  static async connect(path: string): Promise<ControlClient> {
    checkSocketPath(path)
    return new Promise((resolve, reject) => {
      const socket = connect(path)
      const onError = (cause: NodeJS.ErrnoException): void => reject(unreachable(path, cause))
      socket.once('error', onError)
      socket.once('connect', () => {
        socket.off('error', onError)
        resolve(new ControlClient(socket, path))
      })
    })
  }

  private constructor(socket: Socket, path: string) {
    this.#socket = socket
    this.#path = path
    const lines = new LineReader(ANSWER_BYTES_MAX)
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      try {
        for (const line of lines.push(chunk)) this.#receive(decodeAnswer(line))
      } catch (error) {
        this.#refusal = (error as Error).message
        socket.destroy()
      }
    })
    socket.once('close', () => {
      for (const { reject } of this.#waiting.values()) reject(this.#ended())
      this.#waiting.clear()
    })
  }

  async about(): Promise<About> {
    return (await this.#ask<'about'>({ type: 'about' })).about
  }

  evaluate(
    code: string,
    init: { readonly colours?: boolean; readonly json?: boolean } = {},
  ): Promise<Answer<'value' | 'failed' | 'incomplete'>> {
    return this.#ask<'value' | 'failed' | 'incomplete'>({ type: 'evaluate', code, ...init })
  }

  async complete(line: string): Promise<[completions: string[], of: string]> {
    const { completions, of } = await this.#ask<'completions'>({ type: 'complete', line })
    return [[...completions], of]
  }

  /** Resolves when the process has begun to stop. */
  async stop(): Promise<void> {
    await this.#ask<'stopping'>({ type: 'stop' })
  }

  close(): void {
    this.#socket.destroy()
  }

  #ask<Type extends Numbered['type']>(request: WithoutId<ControlRequest>): Promise<Answer<Type>> {
    if (this.#socket.destroyed) return Promise.reject(this.#ended())
    const id = this.#nextId
    this.#nextId += 1
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (answer: Numbered) => void, reject })
      this.#socket.write(encodeLine({ ...request, id } as ControlRequest))
    })
  }

  #receive(answer: ControlAnswer): void {
    if (answer.type === 'output') this.onOutput(answer.text)
    else if (answer.type === 'refused') this.#refusal = answer.reason
    else {
      this.#waiting.get(answer.id)?.resolve(answer)
      this.#waiting.delete(answer.id)
    }
  }

  #ended(): TiebeamError {
    if (this.#refusal !== undefined) return new TiebeamError('CONTROL_REFUSED', this.#refusal)
    return new TiebeamError('APP_NOT_RUNNING', `The app at ${this.#path} has ended, or closed the connection.`)
  }
}

function unreachable(path: string, cause: NodeJS.ErrnoException): TiebeamError {
  if (cause.code === 'EACCES' || cause.code === 'EPERM') {
    const message = `The control socket ${path} belongs to another user: run this as the user of the app.`
    return new TiebeamError('CONTROL_DENIED', message, { cause })
  }
  const message = `No app answers at ${path}: it is not running, or has another run directory.`
  return new TiebeamError('APP_NOT_RUNNING', message, { cause })
}
