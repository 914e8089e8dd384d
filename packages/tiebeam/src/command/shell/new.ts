import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { TiebeamError } from '../../errors.ts'
import { TIEBEAM_VERSION } from '../../version.ts'
import { checkAppName, fillTemplate, targetNameOf } from '../new-app.ts'
import { paintOut, printJson } from './terminal.ts'

/** From dist/src/command/shell. */
const TEMPLATE = new URL('../../../../templates/new/', import.meta.url)

export function registerNew(program: Command): void {
  program
    .command('new')
    .argument('<folder>', 'its last part is the name of the app')
    .description('make a small app that runs at once, with a test')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ tiebeam new shop && cd shop && npm install && npm start')
    .action(async (given: string, flags: { readonly json?: true }) => {
      const folder = resolve(given)
      const name = basename(folder)
      checkAppName(name)
      await makeEmptyFolder(folder)
      const files = await copyTemplate(folder, { name, version: TIEBEAM_VERSION })
      if (flags.json === true) return await printJson({ name, folder, files })
      const paint = paintOut()
      const steps = [`cd ${given}`, 'npm install', 'npm start', 'npm test'].map((step) => `  ${paint('bold', step)}\n`)
      process.stdout.write(
        `${files.map((file) => `${paint('green', '+')} ${join(given, file)}\n`).join('')}\nNow:\n${steps.join('')}`,
      )
    })
}

async function makeEmptyFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const entries = await readdir(folder)
  if (entries.length === 0) return
  throw new TiebeamError('OPTION_INVALID', `${folder} is not empty: name a new folder, or empty this one.`)
}

async function copyTemplate(folder: string, values: Readonly<Record<string, string>>): Promise<string[]> {
  const template = fileURLToPath(TEMPLATE)
  const entries = await readdir(template, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const files = paths.map((path) => path.slice(template.length)).sort()
  for (const file of files) {
    const target = join(folder, targetNameOf(file))
    await mkdir(dirname(target), { recursive: true })
    await writeFile(target, fillTemplate(await readFile(join(template, file), 'utf8'), values))
  }
  return files.map(targetNameOf)
}
