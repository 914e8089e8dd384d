import { type Atom, atom, Pid, Tuple, tuple } from '@tiebeam/distribution'

export type OutputStream = 'stdout' | 'stderr'

/** A line that a program has printed. */
export interface ProgramLine {
  /** The process that looks after the program. */
  readonly program: Pid
  readonly stream: OutputStream
  /** Without its line end. Bytes that are not UTF-8 are shown as U+FFFD. */
  readonly text: string
  /** False for a piece of a line longer than `lineBytesMax` that is continued by the next one, and for a last line without line end. */
  readonly complete: boolean
}

/** The last element is what Erlang's ports say of a line with the option `{line, L}`. */
type LineMessage = Tuple<readonly [Atom, Pid, Atom, string, Atom]>

const PROGRAM_LINE = atom('program_line')
const EOL = atom('eol')
const NOEOL = atom('noeol')
const STREAMS: ReadonlyMap<unknown, OutputStream> = new Map([
  [atom('stdout'), 'stdout'],
  [atom('stderr'), 'stderr'],
])

/** The message for a process: `{program_line, Pid, stdout | stderr, Text, eol | noeol}`. */
export function lineMessage({ program, stream, text, complete }: ProgramLine): LineMessage {
  return tuple(PROGRAM_LINE, program, atom(stream), text, complete ? EOL : NOEOL)
}

/** The line of output in a message, or undefined when it is another message; fit to be the `match` of a `receive`. */
export function programLineOf(message: unknown): ProgramLine | undefined {
  if (!(message instanceof Tuple) || message.length !== 5 || message.at(0) !== PROGRAM_LINE) return undefined
  const [, program, streamName, text, end] = message.elements
  const stream = STREAMS.get(streamName)
  if (!(program instanceof Pid) || stream === undefined || typeof text !== 'string') return undefined
  if (end !== EOL && end !== NOEOL) return undefined
  return { program, stream, text, complete: end === EOL }
}
