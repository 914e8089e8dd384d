import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { constants } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { TiebeamError } from '../../errors.ts'
import { endWith } from './terminal.ts'

const SIGNAL_EXIT_CODE = 128

export function registerTest(program: Command): void {
  program
    .command('test')
    .argument('[files...]', 'default: all *.test.ts and *.test.js in test/')
    .description("run tests with Node's own test runner; TypeScript runs as it is")
    .addHelpText('after', '\nExample:\n  $ tiebeam test test/prices.test.ts')
    .action(async (given: string[]) => {
      const files = given.length > 0 ? given : await findTests('test')
      if (files.length === 0) throw new TiebeamError('OPTION_INVALID', 'There is no *.test.ts or *.test.js in test/.')
      const register = new URL('../../typescript/shell/register.js', import.meta.url).href
      const child = spawn(process.execPath, ['--import', register, '--test', ...files], { stdio: 'inherit' })
      const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
      endWith(code ?? SIGNAL_EXIT_CODE + (signal === null ? 0 : constants.signals[signal]))
    })
}

async function findTests(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true }).catch(() => [])
  return entries
    .filter((name) => /\.test\.[mc]?[tj]s$/.test(name))
    .sort()
    .map((name) => join(folder, name))
}
