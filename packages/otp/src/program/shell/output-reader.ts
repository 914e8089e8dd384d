import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Pid } from '@tiebeam/distribution'
import { LineSplitter } from '../line-splitter.ts'
import type { OutputStream, ProgramLine } from '../program-line.ts'
import type { LineSink } from './line-sinks.ts'

export interface OutputReaderInit {
  readonly readable: Readable
  readonly stream: OutputStream
  readonly program: Pid
  readonly lineBytesMax: number
  readonly sink: LineSink
  /** Sees each line before it is offered to the sink. */
  readonly onLine: (line: ProgramLine) => void
}

/** After `hurry`, a receiver without room is waited for no longer than this, before lines are dropped until it has room again. */
const HURRY_MS = 100

/**
 * Reads one stream of output, as fast as its lines are taken and no faster: a program that prints more has to wait, as it would for a
 * terminal.
 */
export class OutputReader {
  readonly #init: OutputReaderInit
  #hurried = false
  #abandoned = false
  /** In a hurry, the receiver has been waited for in vain. */
  #stuck = false
  #droppedLines = 0
  #wake: (() => void) | undefined

  constructor(init: OutputReaderInit) {
    this.#init = init
  }

  /** Lines that were not delivered. */
  get droppedLines(): number {
    return this.#droppedLines
  }

  /** Resolves when the output has ended, and each line was taken or dropped. Rejects with what the sink throws. */
  async read(): Promise<void> {
    const { readable, lineBytesMax } = this.#init
    const splitter = new LineSplitter(lineBytesMax)
    for await (const chunk of chunksOf(readable)) {
      for (const piece of splitter.push(chunk)) await this.#deliver(piece.text, piece.complete)
    }
    for (const piece of splitter.end()) await this.#deliver(piece.text, piece.complete)
  }

  /** From now on it is more important that the program can go on than that each line is delivered. */
  hurry(): void {
    this.#hurried = true
    this.#wake?.()
  }

  /** Reads no further, and drops what has been read. */
  abandon(): void {
    this.#abandoned = true
    this.hurry()
    this.#init.readable.destroy()
  }

  async #deliver(text: string, complete: boolean): Promise<void> {
    const { program, stream, sink, onLine } = this.#init
    const line: ProgramLine = { program, stream, text, complete }
    onLine(line)
    let giveUpAt: number | undefined
    while (!this.#abandoned) {
      const room = sink.offer(line)
      if (room === undefined) {
        this.#stuck = false
        return
      }
      if (this.#stuck) break
      if (this.#hurried) {
        giveUpAt ??= performance.now() + HURRY_MS
        await Promise.race([room, sleep(HURRY_MS)])
        this.#stuck = performance.now() >= giveUpAt
      } else {
        await this.#roomOrHurry(room)
      }
    }
    this.#droppedLines++
  }

  #roomOrHurry(room: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
      room.then(
        () => resolve(),
        () => resolve(),
      )
    })
  }
}

/** The chunks of a stream; one that fails has ended, for a program whose output cannot be read has none. */
async function* chunksOf(readable: Readable): AsyncGenerator<Buffer> {
  try {
    yield* readable as AsyncIterable<Buffer>
  } catch {}
}
