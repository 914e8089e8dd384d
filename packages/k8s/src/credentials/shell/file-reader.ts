import { readFile } from 'node:fs/promises'
import { KubernetesError, messageOf } from '../../errors.ts'
import type { Logger } from '../../logger.ts'

interface Reading {
  readonly text: string
  readonly atMs: number
}

/** Reads small files that others replace: tokens, certificates. Each is read again when it was last read `rereadMs` ago. */
export class FileReader {
  readonly #rereadMs: number
  readonly #logger: Logger | undefined
  readonly #readings = new Map<string, Reading>()

  constructor(rereadMs: number, logger: Logger | undefined) {
    this.#rereadMs = rereadMs
    this.#logger = logger
  }

  /** @throws KubernetesError `CREDENTIAL_UNAVAILABLE` when it could never be read. */
  async read(path: string): Promise<string> {
    const last = this.#readings.get(path)
    if (last !== undefined && performance.now() - last.atMs < this.#rereadMs) return last.text
    try {
      const text = await readFile(path, 'utf8')
      if (text.trim() === '') throw new Error('it is empty')
      this.#readings.set(path, { text, atMs: performance.now() })
      return text
    } catch (error) {
      const complaint = `The credential file ${path} cannot be read: ${messageOf(error)}`
      if (last === undefined) throw new KubernetesError('CREDENTIAL_UNAVAILABLE', complaint, { cause: error })
      // It may be about to be replaced. What we know is used until the server refuses it.
      this.#logger?.warn({ err: error, path }, `${complaint}; its last content is used.`)
      this.#readings.set(path, { text: last.text, atMs: performance.now() })
      return last.text
    }
  }

  /** The next `read` of any file reads it. */
  expire(): void {
    for (const [path, { text }] of this.#readings) this.#readings.set(path, { text, atMs: Number.NEGATIVE_INFINITY })
  }
}
