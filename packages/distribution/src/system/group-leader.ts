import { inspect } from 'node:util'
import { atom, Pid, Tuple, tuple } from '@tiebeam/etf'
import type { Answer } from './gen-call.ts'

/** A request of the I/O protocol, with its answer. */
export interface InputOutput {
  readonly answer: Answer
  /** What was written. */
  readonly text: string
}

const IO_REQUEST = atom('io_request')
const IO_REPLY = atom('io_reply')
const PUT_CHARS = atom('put_chars')
const REQUESTS = atom('requests')
const OK = atom('ok')
const NOT_SUPPORTED = tuple(atom('error'), atom('enotsup'))
const TEXT_CHARACTERS_MAX = 10_000
/** How deep lists of characters may be nested; deeper ones are left out of the text. */
const DEPTH_MAX = 100

/**
 * What the group leader of processes answers that run on other nodes for this one. Without an answer, a function that writes something
 * (`io:format`, `IO.puts`) would wait for ever. Source: "The Erlang I/O Protocol" in the STDLIB User's Guide.
 */
export function answerAsGroupLeader(message: unknown): InputOutput | undefined {
  if (!(message instanceof Tuple) || message.length !== 4 || message.at(0) !== IO_REQUEST) return undefined
  const [, from, replyAs, request] = message.elements
  if (!(from instanceof Pid)) return undefined
  const text = writtenBy(request)
  const reply = text === undefined ? NOT_SUPPORTED : OK
  return { answer: { to: from, message: tuple(IO_REPLY, replyAs, reply) }, text: text ?? '' }
}

function writtenBy(request: unknown): string | undefined {
  if (!(request instanceof Tuple)) return undefined
  const elements = request.elements
  if (elements[0] === REQUESTS && Array.isArray(elements[1])) {
    const texts = elements[1].map((each) => (isPutChars(each) ? writtenBy(each) : undefined))
    return texts.includes(undefined) ? undefined : texts.join('')
  }
  if (!isPutChars(request)) return undefined
  // {put_chars, Encoding, Characters}, {put_chars, Encoding, Module, Function, Args}, and both without the encoding.
  if (elements.length <= 3) return textOf(elements.at(-1), 0).slice(0, TEXT_CHARACTERS_MAX)
  // Characters that a function of the BEAM would make, mostly io_lib:format(Format, Args).
  const args = elements.at(-1)
  const [format, values] = Array.isArray(args) ? args : [args]
  return `${textOf(format, 0)} ${inspect(values, { breakLength: Number.POSITIVE_INFINITY })}`.slice(
    0,
    TEXT_CHARACTERS_MAX,
  )
}

function isPutChars(request: unknown): boolean {
  return request instanceof Tuple && request.at(0) === PUT_CHARS && request.length >= 2 && request.length <= 5
}

function textOf(characters: unknown, depth: number): string {
  if (typeof characters === 'string') return characters
  if (typeof characters === 'number') {
    return Number.isInteger(characters) && characters >= 0 && characters <= 0x10_ffff
      ? String.fromCodePoint(characters)
      : ''
  }
  if (characters instanceof Uint8Array) return Buffer.from(characters).toString()
  if (!Array.isArray(characters) || depth === DEPTH_MAX) return ''
  let text = ''
  for (const each of characters) {
    text += textOf(each, depth + 1)
    if (text.length > TEXT_CHARACTERS_MAX) break
  }
  return text
}
