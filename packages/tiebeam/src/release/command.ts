import { readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { TiebeamError } from '../errors.ts'
import { releaseNameOf } from './init.ts'

interface Flags {
  readonly name?: string
  readonly out?: string
  readonly entry: readonly string[]
  readonly external: readonly string[]
  readonly withNode?: true
  readonly cookie: boolean
}

/** Adds `tiebeam release`. `control` is the program behind `remote`, `rpc`, `eval`, `stop` and `pid` of the release. */
export function registerRelease(program: Command, control = ownControl()): void {
  program
    .command('release')
    .description('make a folder that runs where it is copied, with no install')
    .argument('[main]', 'the program to start', 'src/main.ts')
    .option('--name <name>', 'name of the release (default: that of package.json)')
    .option('--out <folder>', 'where to write it (default: release/<name>)')
    .option('--entry <file>', 'a thread or child program that is started by a computed path; repeatable', append, [])
    .option('--external <module>', 'leave a module out of the bundle; repeatable', append, [])
    .option('--with-node', 'bring this Node along: the release then needs none')
    .option('--no-cookie', 'generate no cookie: RELEASE_COOKIE is set where it runs')
    .action(async (main: string, flags: Flags) => {
      const described = describePackage()
      const name = flags.name ?? releaseNameOf(described.name)
      // Other commands need no bundler.
      const { makeRelease } = await import('./shell/release.ts')
      const out = await makeRelease(
        {
          name,
          version: described.version,
          entry: main,
          entries: flags.entry,
          external: flags.external,
          out: flags.out ?? join('release', name),
          withNode: flags.withNode === true,
          cookie: flags.cookie,
        },
        { control },
      )
      const shown = relative(process.cwd(), out) || '.'
      process.stdout.write(
        `Release ${name} ${described.version} is made. Start it with:\n\n    ${shown}/bin/${name} start\n`,
      )
    })
}

function append(value: string, before: readonly string[]): string[] {
  return [...before, value]
}

function describePackage(): { readonly name: string; readonly version: string } {
  const file = resolve('package.json')
  try {
    const { name = '', version = '0.0.0' } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Record<string, string>>
    return { name, version }
  } catch (cause) {
    throw new TiebeamError(
      'OPTION_INVALID',
      `${file} cannot be read: ${(cause as Error).message}. Run this in the folder of the app.`,
      { cause },
    )
  }
}

function ownControl(): string {
  return fileURLToPath(new URL('../control/main.js', import.meta.url))
}
