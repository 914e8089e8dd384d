import { readFileSync } from 'node:fs'

/** One term as OTP wrote it, with its version byte; see corpus/make.escript. */
export interface CorpusEntry {
  name: string
  bytes: Buffer
}

export function readCorpus(): CorpusEntry[] {
  const text = readFileSync(new URL('../../test/corpus/terms.txt', import.meta.url), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [name = '', hex = ''] = line.split(' ')
      return { name, bytes: Buffer.from(hex, 'hex') }
    })
}
