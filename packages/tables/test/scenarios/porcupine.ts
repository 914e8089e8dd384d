import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from '@tiebeam/testing'

export type Verdict = 'accepted' | 'rejected'

/** What Porcupine says to a history in EDN. */
export async function askPorcupine(edn: string): Promise<Verdict> {
  const program = findProgram('porcupine')
  if (program === undefined) throw new Error('porcupine is not there: npm run peers')
  const folder = await mkdtemp(join(tmpdir(), 'tiebeam-history-'))
  const file = join(folder, 'history.edn')
  try {
    await writeFile(file, edn)
    return await new Promise<Verdict>((resolve, reject) => {
      execFile(program, [file], (error, _stdout, stderr) => {
        if (error === null) resolve('accepted')
        else if (error.code === 1) resolve('rejected')
        else reject(new Error(`porcupine: ${stderr}`, { cause: error }))
      })
    })
  } finally {
    await rm(folder, { recursive: true })
  }
}
