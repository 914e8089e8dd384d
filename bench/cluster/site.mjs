/** Hosts in network namespaces, each with an EPMD of OTP, a name server, and the members of both kinds. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import readline from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Child, createNetwork, startDnsmasq, startEpmd } from '@tiebeam/testing'

/**
 * @import { Host, Network, Scope } from '@tiebeam/testing'
 * @typedef {{ name: string, host: Host, child: Child, startedMs: number, links: Map<string, number> }} Member
 *   `links`: when each of them came up
 * @typedef {'tiebeam' | 'otp'} Kind
 * @typedef {{ network: Network, hosts: Host[], join(kind: Kind, host: Host): Member }} Site
 */

const folder = path.dirname(fileURLToPath(import.meta.url))
const service = 'app.ns.svc.cluster.local'

/**
 * @param {Scope} scope
 * @param {number} count
 * @param {number} tickSeconds
 * @returns {Promise<Site>}
 */
export async function createSite(scope, count, tickSeconds) {
  const beams = mkdtempSync(path.join(os.tmpdir(), 'tiebeam-bench-'))
  scope.after(() => rmSync(beams, { recursive: true, force: true }))
  const { status, stderr } = spawnSync('erlc', ['-o', beams, path.join(folder, 'otp_member.erl')], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`erlc failed; install Erlang/OTP (Debian: erlang-base). ${stderr ?? ''}`)

  const names = Array.from({ length: count }, (_, index) => `host${index + 1}`)
  const network = await createNetwork(scope, { hosts: [...names, 'dns'] })
  const hosts = names.map((name) => network.host(name))
  const server = network.host('dns')
  const records = { [service]: hosts.map(({ ipv4 }) => ipv4) }
  await startDnsmasq(scope, { spawn: server.spawn, address: server.ipv4, records })
  /** @type {Map<string, Member>} */
  const members = new Map()
  await Promise.all(
    hosts.map(async ({ spawn, ipv4 }) => {
      const { child } = await startEpmd(scope, { spawn })
      for (const stream of [child.process.stdout, child.process.stderr]) {
        if (stream !== null) readline.createInterface(stream).on('line', (line) => noteRegistration(line, ipv4))
      }
    }),
  )

  /** A node registers when it listens: the same moment for both kinds, however long each then takes to begin. */
  const noteRegistration = (/** @type {string} */ line, /** @type {string} */ address) => {
    const [, base] = /: registering '([^:]+):/.exec(line) ?? []
    const member = members.get(`${base}@${address}`)
    if (member !== undefined) member.startedMs = performance.timeOrigin + performance.now()
  }

  /** @type {Site['join']} */
  const join = (kind, host) => {
    const name = `${kind}@${host.ipv4}`
    const process_ =
      kind === 'tiebeam'
        ? host.spawn(process.execPath, [
            path.join(folder, 'tiebeam-member.mjs'),
            ...[name, service, server.ipv4, String(tickSeconds * 1000)],
          ])
        : host.spawn('erl', [
            ...['-noinput', '-name', name, '-setcookie', 'cluster-benchmark', '-start_epmd', 'false'],
            ...['-kernel', 'net_ticktime', String(tickSeconds), '-pa', beams, '-s', 'otp_member', 'main'],
            ...['-extra', service, server.ipv4, 'otp'],
          ])
    /** @type {Member} */
    const member = { name, host, child: new Child(scope, process_, name), startedMs: Number.NaN, links: new Map() }
    members.set(name, member)
    if (process_.stdout) readline.createInterface(process_.stdout).on('line', (line) => note(member, line))
    return member
  }
  return { network, hosts, join }
}

/** @type {(member: Member, line: string) => void} */
function note(member, line) {
  const [, event, peer = '', atMs] = /^(nodeup|nodedown) (\S+) ([\d.]+)$/.exec(line) ?? []
  if (event === 'nodeup') member.links.set(peer, Number(atMs))
  if (event === 'nodedown') member.links.delete(peer)
}

/** @type {(members: readonly Member[]) => boolean} */
export function isMesh(members) {
  return members.every((member) => members.every(({ name }) => name === member.name || member.links.has(name)))
}

/** When the last link of the mesh came up. @type {(members: readonly Member[]) => number} */
export function meshMs(members) {
  return Math.max(...members.flatMap((member) => members.map(({ name }) => member.links.get(name) ?? 0)))
}
