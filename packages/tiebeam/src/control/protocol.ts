import { TiebeamError } from '../errors.ts'

/**
 * What goes over the control socket: lines, each one JSON object. Every request has a number that its answer repeats; lines without one
 * are what the code that was evaluated has printed.
 */
export type ControlRequest =
  | { readonly id: number; readonly type: 'about' }
  | {
      readonly id: number
      readonly type: 'evaluate'
      readonly code: string
      readonly colours?: boolean
      /** The value as JSON instead of as text. */
      readonly json?: boolean
    }
  | { readonly id: number; readonly type: 'complete'; readonly line: string }
  | { readonly id: number; readonly type: 'stop' }

export interface About {
  readonly pid: number
  /** Version of Tiebeam. */
  readonly version: string
  /** Name of the node, where the process has one. */
  readonly node?: string
  /** Of that node. Whoever can ask can have any code evaluated, so this tells nothing that is not theirs. */
  readonly cookie?: string
  readonly epmdPort?: number
}

export type ControlAnswer =
  | { readonly id: number; readonly type: 'about'; readonly about: About }
  | { readonly id: number; readonly type: 'value'; readonly text: string }
  | { readonly id: number; readonly type: 'failed'; readonly text: string }
  /** The code is the beginning of something. */
  | { readonly id: number; readonly type: 'incomplete' }
  | { readonly id: number; readonly type: 'completions'; readonly completions: readonly string[]; readonly of: string }
  | { readonly id: number; readonly type: 'stopping' }
  /** The connection ends after it. */
  | { readonly type: 'refused'; readonly reason: string }
  | { readonly type: 'output'; readonly text: string }

/** The longest line that a server takes. */
export const REQUEST_BYTES_MAX = 1024 * 1024
/** The longest line that a client takes. */
export const ANSWER_BYTES_MAX = 64 * 1024 * 1024

const NEWLINE = 0x0a

/** Cuts a stream of bytes into lines. */
export class LineReader {
  readonly #bytesMax: number
  #pieces: Buffer[] = []
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** @throws TiebeamError `CONTROL_REFUSED` when a line is longer than the limit */
  push(chunk: Buffer): string[] {
    const lines: string[] = []
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#keep(chunk.subarray(start, end))
      lines.push(Buffer.concat(this.#pieces).toString())
      this.#pieces = []
      this.#bytes = 0
      start = end + 1
    }
    this.#keep(chunk.subarray(start))
    return lines
  }

  #keep(piece: Buffer): void {
    this.#bytes += piece.length
    if (this.#bytes > this.#bytesMax) throw refused(`a line is longer than ${this.#bytesMax} bytes`)
    if (piece.length > 0) this.#pieces.push(piece)
  }
}

export function encodeLine(message: ControlRequest | ControlAnswer): string {
  return `${JSON.stringify(message)}\n`
}

/** @throws TiebeamError `CONTROL_REFUSED` */
export function decodeRequest(line: string): ControlRequest {
  const { id, type, code, line: text, colours, json } = parseObject(line)
  if (typeof id !== 'number' || !Number.isSafeInteger(id)) throw refused('a request has no number')
  if (type === 'about' || type === 'stop') return { id, type }
  if (type === 'evaluate' && typeof code === 'string') {
    return { id, type, code, colours: colours === true, json: json === true }
  }
  if (type === 'complete' && typeof text === 'string') return { id, type, line: text }
  throw refused('a request is of no known kind')
}

/** What a server of ours sends is of the right shape. @throws TiebeamError `CONTROL_REFUSED` */
export function decodeAnswer(line: string): ControlAnswer {
  return parseObject(line) as unknown as ControlAnswer
}

function parseObject(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // The same answer as for JSON of another kind.
  }
  throw refused('a line is no JSON object')
}

function refused(reason: string): TiebeamError {
  return new TiebeamError('CONTROL_REFUSED', `What came over the control socket was refused: ${reason}.`)
}
