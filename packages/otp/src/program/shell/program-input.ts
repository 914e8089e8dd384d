import type { Writable } from 'node:stream'
import { OtpError } from '../../errors.ts'

/** The input of a program, with a bound on what waits to be read by it. */
export class ProgramInput {
  readonly #writable: Writable | null
  readonly #bytesMax: number

  /** `null`: the program was started without. */
  constructor(writable: Writable | null, bytesMax: number) {
    this.#writable = writable
    this.#bytesMax = bytesMax
    // A program may close its input at any time; the next write tells.
    writable?.on('error', () => {})
  }

  /**
   * Resolves when the system has taken the data.
   * @throws OtpError `PROGRAM_INPUT_CLOSED`, `PROGRAM_INPUT_FULL`
   */
  write(data: string | Uint8Array): Promise<void> {
    const writable = this.#writable
    if (writable === null) {
      return Promise.reject(closed("The program was started without input; start it with input: 'pipe'."))
    }
    if (!writable.writable)
      return Promise.reject(closed('The input of the program is closed, or the program has ended.'))
    const bytes = Buffer.from(data as string)
    // What is longer by itself is taken when nothing waits, else it could never be written.
    if (writable.writableLength > 0 && writable.writableLength + bytes.length > this.#bytesMax) {
      const text = `The program has not read ${writable.writableLength} bytes of its input, and inputBytesMax is ${this.#bytesMax}. Wait for earlier writes.`
      return Promise.reject(new OtpError('PROGRAM_INPUT_FULL', text))
    }
    return new Promise((resolve, reject) => {
      writable.write(bytes, (error) => {
        if (error == null) resolve()
        else reject(closed('The program has closed its input, or has ended.', error))
      })
    })
  }

  /** Nothing more is to come: the program reads the end of its input. */
  close(): void {
    this.#writable?.end()
  }

  /** Drops what waits. */
  destroy(): void {
    this.#writable?.destroy()
  }
}

function closed(message: string, cause?: Error): OtpError {
  return new OtpError('PROGRAM_INPUT_CLOSED', message, { cause })
}
