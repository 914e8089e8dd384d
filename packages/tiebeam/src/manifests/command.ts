import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { TiebeamError } from '../errors.ts'
import type { ManifestStrategy, ManifestTables } from './init.ts'
import { manifestKinds } from './order.ts'

interface Flags {
  readonly name: string
  readonly image: string
  readonly replicas: number
  readonly namespace?: string
  readonly strategy: ManifestStrategy
  readonly tables: ManifestTables
  readonly port?: number
  readonly healthPort: number
  readonly metricsFrom?: string
  readonly drainMs: number
  readonly cookieFrom?: string
  readonly only?: readonly string[]
  readonly json?: true
}

/** Adds `tiebeam manifests`. */
export function registerManifests(program: Command): void {
  program
    .command('manifests')
    .description('print what Kubernetes needs to run the app as a cluster')
    .requiredOption('--name <name>', 'name of the app, of its objects and of its nodes')
    .requiredOption('--image <image>', 'image of the release, with its tag')
    .option('--replicas <number>', 'how many pods', Number, 3)
    .option('--namespace <namespace>', 'written into every object (default: left to kubectl)')
    .option('--strategy <strategy>', 'how pods find each other: dns, or kubernetes for its API', 'dns')
    .option('--tables <authority>', 'who keeps the view of the tables: none, or kubernetes for a Lease', 'none')
    .option('--port <port>', 'a port of the app itself, open to everybody', Number)
    .option('--health-port <port>', 'of health and metrics', Number, 9464)
    .option('--metrics-from <label>', 'only namespaces with this label may ask for health and metrics')
    .option('--drain-ms <ms>', 'what a leaving node gives its calls in flight', Number, 10_000)
    .option('--cookie-from <file>', 'file that holds the cookie, - for standard input (default: a new random one)')
    .option('--only <kinds>', `some of ${manifestKinds.join(',')}`, (text: string) => text.split(','))
    .option('--json', 'print one JSON object of the kind List')
    .action(async (flags: Flags) => {
      // It knows the names of tables, and so loads them.
      const { manifests, toJson, toYaml } = await import('./manifests.ts')
      const { json, cookieFrom, ...init } = flags
      const cookie = cookieFrom === undefined ? randomCookie() : readCookie(cookieFrom)
      const objects = manifests({ ...init, cookie })
      process.stdout.write(json === true ? toJson(objects) : toYaml(objects))
    })
}

/** 256 bits. */
function randomCookie(): string {
  return randomBytes(32).toString('base64url')
}

function readCookie(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8').trim()
  } catch (cause) {
    throw new TiebeamError('OPTION_INVALID', `The cookie cannot be read from ${file}: ${(cause as Error).message}.`, {
      cause,
    })
  }
}
