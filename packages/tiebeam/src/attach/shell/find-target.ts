import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { listNodes, type TlsInit } from '@tiebeam/distribution'
import type { About } from '../../control/protocol.ts'
import { ControlClient } from '../../control/shell/control-client.ts'
import { socketPathOf } from '../../control/socket-path.ts'
import { TiebeamError } from '../../errors.ts'
import { tlsOf } from '../../start/shell/node-options.ts'
import type { Target } from '../target.ts'
import { startedHere } from './run-directories.ts'

export interface TargetOptions {
  readonly node?: string | undefined
  readonly cookie?: string | undefined
  readonly cookieFile?: string | undefined
  readonly runDirectory?: string | undefined
  readonly epmdPort?: number | undefined
}

const EPMD_PORT = 4369

/**
 * Which node to ask, and how. The node is that of the options, of `RELEASE_NODE`, of the app in the run directory, or the only one that EPMD
 * lists on this host; the cookie that of the options, of `RELEASE_COOKIE`, of the app in the run directory, or of `~/.erlang.cookie`.
 * @throws TiebeamError `OPTION_INVALID`, `APP_NOT_RUNNING`, `CONTROL_DENIED`
 */
export async function findTarget(options: TargetOptions, environment: NodeJS.ProcessEnv): Promise<Target> {
  const whole = options.node ?? wholeName(environment.RELEASE_NODE)
  // Who names the node and no run directory means no app in particular.
  const running = await aboutApp(options.runDirectory, environment).catch((error: unknown) => {
    if (whole === undefined || options.runDirectory !== undefined) throw error
    return undefined
  })
  const epmdPort = options.epmdPort ?? portOf(environment.ERL_EPMD_PORT) ?? running?.epmdPort ?? EPMD_PORT
  const node = whole ?? running?.node ?? (await onlyNode(epmdPort))
  const tls = await tlsOfEnvironment(environment)
  return { node, epmdPort, cookie: await findCookie(options, environment, running), ...(tls !== undefined && { tls }) }
}

/** What the apps of the cluster have, by the same variables. @throws TiebeamError `SETTING_INVALID` */
export function tlsOfEnvironment(environment: NodeJS.ProcessEnv): Promise<TlsInit | undefined> {
  return tlsOf({
    tlsCertFile: environment.TIEBEAM_TLS_CERT_FILE || undefined,
    tlsKeyFile: environment.TIEBEAM_TLS_KEY_FILE || undefined,
    tlsCaFile: environment.TIEBEAM_TLS_CA_FILE || undefined,
  })
}

/** @throws TiebeamError `OPTION_INVALID` */
export async function findCookie(
  { cookie, cookieFile }: TargetOptions,
  environment: NodeJS.ProcessEnv,
  running?: About,
): Promise<string> {
  const found =
    cookie ??
    (cookieFile === undefined ? undefined : await cookieIn(cookieFile)) ??
    (environment.RELEASE_COOKIE || undefined) ??
    running?.cookie ??
    (await userCookieIfAny())
  if (found !== undefined) return found
  throw new TiebeamError('OPTION_INVALID', 'There is no cookie: set RELEASE_COOKIE, or give --cookie-file.')
}

/** That of the user, who may have none, nor a home. */
async function userCookieIfAny(): Promise<string | undefined> {
  try {
    return await cookieIn(join(homedir(), '.erlang.cookie'))
  } catch {
    return undefined
  }
}

export function portOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : undefined
}

/** When several apps run here, any of them can tell of the others. */
async function aboutApp(given: string | undefined, environment: NodeJS.ProcessEnv): Promise<About | undefined> {
  const directory = given ?? (environment.TIEBEAM_RUN_DIRECTORY || undefined)
  const clients =
    directory === undefined
      ? (await startedHere()).map(({ client }) => client)
      : [await ControlClient.connect(socketPathOf(directory))]
  try {
    return await clients[0]?.about()
  } finally {
    for (const client of clients) client.close()
  }
}

/** EPMD does not know the hosts of its nodes, so this is one of loopback. */
async function onlyNode(port: number): Promise<string> {
  const nodes = await listNodes({ address: '127.0.0.1', port }).catch(() => [])
  const [only, ...others] = nodes
  if (only !== undefined && others.length === 0) return `${only.name}@127.0.0.1`
  const found =
    only === undefined
      ? 'no node runs on this host'
      : `several run on this host: ${nodes.map(({ name }) => name).join(', ')}`
  throw new TiebeamError(
    'OPTION_INVALID',
    `Which node? Give --node, such as shop@127.0.0.1, or set RELEASE_NODE; ${found}.`,
  )
}

async function cookieIn(file: string): Promise<string> {
  try {
    return (await readFile(file, 'latin1')).trim()
  } catch (cause) {
    throw new TiebeamError('OPTION_INVALID', `The cookie cannot be read: ${(cause as Error).message}.`, { cause })
  }
}

function wholeName(name: string | undefined): string | undefined {
  return name?.includes('@') === true ? name : undefined
}
