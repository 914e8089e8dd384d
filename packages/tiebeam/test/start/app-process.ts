import { fileURLToPath } from 'node:url'
import { Child, freePort, type Scope, type Spawn, spawnTied } from '@tiebeam/testing'

const PROGRAM = fileURLToPath(new URL('./app-program.js', import.meta.url))

export interface AppProcessInit {
  readonly spawn?: Spawn
  /** Default: that of the tests. */
  readonly cwd?: string
  readonly environment?: Readonly<Record<string, string>>
}

/** An app in a process of its own, with nothing in its environment but what is given, an EPMD port and a home that are its own. */
export async function startApp(t: Scope, scenario: string, init: AppProcessInit = {}): Promise<Child> {
  const { spawn = spawnTied, environment = {}, cwd = process.cwd() } = init
  const env = {
    PATH: process.env.PATH,
    ERL_EPMD_PORT: String(await freePort()),
    RELEASE_NAME: 'shop',
    RELEASE_COOKIE: 'the-cookie-of-the-shop',
    TIEBEAM_HTTP_PORT: '0',
    ...environment,
  }
  const stdio = ['ignore', 'pipe', 'pipe'] as const
  return new Child(t, spawn(process.execPath, [PROGRAM, scenario], { cwd, env, stdio: [...stdio] }), scenario)
}

/** Waits until it has started. */
export async function started(app: Child): Promise<{ readonly name: string; readonly httpPort: number }> {
  await app.waitForOutput(/started \S+ \S+\n/)
  const [, name = '', port] = /started (\S+) (\S+)\n/.exec(app.output) ?? []
  return { name, httpPort: Number(port) }
}
