import { spawnSync } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { builtPeer, isBuiltPeer } from './built-peers.ts'

/** What a test can need besides Node, and how to get it. `root` and `loopback` are abilities, the others programs. */
const peers = {
  erl: 'apt-get install erlang-base (with erlang-ssl and erlang-mnesia for all tests)',
  erlc: 'apt-get install erlang-base',
  epmd: 'apt-get install erlang-base',
  elixir: 'apt-get install elixir',
  dnsmasq: 'apt-get install dnsmasq-base',
  ip: 'apt-get install iproute2',
  nft: 'apt-get install nftables',
  nsenter: 'apt-get install util-linux',
  unshare: 'apt-get install util-linux',
  openssl: 'apt-get install openssl',
  etcd: 'apt-get install etcd-server',
  'kube-apiserver': 'npm run peers, which builds it with Go 1.25 or newer (once, some minutes)',
  porcupine: 'npm run peers, which builds it with Go 1.25 or newer',
  root: 'run as root on Linux, in a container with --privileged (network namespaces need it)',
  loopback: 'on macOS: sudo ifconfig lo0 alias ADDRESS, for each address of the test; Linux has all of 127.0.0.0/8',
} as const

export type Peer = keyof typeof peers

/** The part of a `TestContext` that `requirePeer` uses. */
export interface Skippable {
  skip(message?: string): void
}

/**
 * True when every peer is there. Else the test is marked as skipped, with how to get the peer, and the answer is false:
 * `if (!requirePeer(t, 'erl')) return`. With TIEBEAM_REQUIRE_PEERS=1, as CI sets it, a missing peer is an error, but for
 * those of `npm run peers` where there is no Go to build them with.
 */
export function requirePeer(t: Skippable, ...needed: readonly Peer[]): boolean {
  const missing = needed.filter((peer) => !hasPeer(peer))
  if (missing.length === 0) return true
  const message = missing.map((peer) => `needs ${peer}: ${peers[peer]}`).join('; ')
  const required = missing.some((peer) => !isBuiltPeer(peer) || findProgram('go') !== undefined)
  if (required && process.env.TIEBEAM_REQUIRE_PEERS === '1') {
    throw new Error(`${message} (TIEBEAM_REQUIRE_PEERS is set)`)
  }
  t.skip(message)
  return false
}

export function hasPeer(peer: Peer): boolean {
  // In a container root may lack the right to make namespaces: only trying tells.
  if (peer === 'root') {
    return process.platform === 'linux' && spawnSync('unshare', ['--net', '--mount', 'true']).status === 0
  }
  if (peer === 'loopback') return process.platform === 'linux'
  return findProgram(peer) !== undefined
}

/** Full path of a program: one that `npm run peers` built, else looked for in PATH and in the system folders that PATH often lacks. */
export function findProgram(name: string): string | undefined {
  if (isBuiltPeer(name)) {
    const { path, built } = builtPeer(name)
    if (built) return path
  }
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin']
  for (const folder of folders.filter((each) => each !== '')) {
    const path = join(folder, name)
    try {
      accessSync(path, constants.X_OK)
      if (statSync(path).isFile()) return path
    } catch {
      // Not here: the next folder.
    }
  }
  return undefined
}
