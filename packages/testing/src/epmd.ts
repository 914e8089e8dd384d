import { freePort } from './addresses.ts'
import type { Spawn } from './child.ts'
import { Child, spawnTied } from './child.ts'
import type { Scope } from './scope.ts'

export interface EpmdInit {
  /** Default: one that is free; within a namespace 4369. */
  port?: number
  /** Addresses to listen on, besides 127.0.0.1, which is always one. Default: every address of the machine. */
  addresses?: readonly string[]
  /** `host.spawn` for an EPMD within a network namespace. */
  spawn?: Spawn
}

/** A real EPMD of OTP in the foreground, on a port of its own, killed when its scope ends. */
export interface Epmd {
  readonly port: number
  readonly child: Child
  /** Ends it (SIGKILL). */
  stop(): Promise<void>
}

/** Starts OTP's `epmd` and waits until it listens. */
export async function startEpmd(scope: Scope, init: EpmdInit = {}): Promise<Epmd> {
  const port = init.port ?? (init.spawn === undefined ? await freePort() : 4369)
  // With less than two -d it does not say when it listens.
  const args = ['-port', String(port), '-relaxed_command_check', '-d', '-d']
  if (init.addresses !== undefined) args.push('-address', init.addresses.join(','))
  const { ERL_EPMD_ADDRESS: _address, ERL_EPMD_PORT: _port, ...env } = process.env
  const child = new Child(
    scope,
    (init.spawn ?? spawnTied)('epmd', args, { env, stdio: ['ignore', 'pipe', 'pipe'] }),
    'epmd',
  )
  await child.waitForOutput(/entering the main select\(\) loop/)
  return { port, child, stop: () => child.kill() }
}
