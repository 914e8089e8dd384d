import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Child, type Host, type Scope, startErl, waitFor } from '@tiebeam/testing'
import {
  type FaultMember,
  type MemberKind,
  type MemberLine,
  type MemberProcessInit,
  type MemberRequest,
  type OnEvent,
  readTable,
} from './member.ts'

export interface StartMemberInit {
  readonly host: Host
  readonly kind: MemberKind
  readonly cookie: string
  readonly netTickTimeSeconds: number
  readonly onEvent: OnEvent
}

const ANSWER_MS = 120_000
const program = fileURLToPath(new URL('./tiebeam-program.js', import.meta.url))
const erlangSource = new URL('../../../../test/global/faults/fault_member.erl', import.meta.url)

/** Starts a node on its host; it listens, and is connected to nobody. */
export function startMember(scope: Scope, init: StartMemberInit): Promise<FaultMember> {
  return init.kind === 'otp' ? startOtp(scope, init) : startTiebeam(scope, init)
}

function nameOf(host: Host): string {
  return `${host.name}@${host.ipv4}`
}

class Peers {
  readonly set = new Set<string>()
  readonly #onEvent: OnEvent

  constructor(onEvent: OnEvent) {
    this.#onEvent = onEvent
  }

  note(event: Parameters<OnEvent>[0]): void {
    if (event.type === 'up') this.set.add(event.peer)
    else this.set.delete(event.peer)
    this.#onEvent(event)
  }
}

async function startOtp(scope: Scope, init: StartMemberInit): Promise<FaultMember> {
  const { host, cookie, netTickTimeSeconds } = init
  const name = nameOf(host)
  const peers = new Peers(init.onEvent)
  const erl = await startErl(scope, {
    name,
    cookie,
    spawn: host.spawn,
    // The host's own, which outlives the node.
    epmd: { port: 4369 },
    args: ['-kernel', 'net_ticktime', String(netTickTimeSeconds), 'logger_level', 'warning'],
  })
  erl.channel.on('message', (bytes) => {
    const [type, peer] = bytes.toString().split(' ') as ['up' | 'down', string]
    peers.note({ type, peer })
  })
  await erl.load(erlangSource)
  const call = async (command: string, argument = ''): Promise<string> =>
    (await erl.call('fault_member', command, Buffer.from(argument), ANSWER_MS)).toString()
  await call('watch')
  return {
    name,
    kind: 'otp',
    peers: peers.set,
    connect: async (names) => void (await call('connect', names.join(' '))),
    sync: async () => void (await call('sync')),
    register: async (each) => (await call('register', each)) === 'yes',
    table: async () => readTable(await call('table')),
    kill: () => erl.kill(),
    stop: () => erl.stop(),
    get output() {
      return erl.child.output
    },
  }
}

async function startTiebeam(scope: Scope, init: StartMemberInit): Promise<FaultMember> {
  const { host, cookie, netTickTimeSeconds } = init
  const name = nameOf(host)
  const peers = new Peers(init.onEvent)
  const processInit: MemberProcessInit = { name, cookie, netTickTimeMs: netTickTimeSeconds * 1000 }
  const spawned = host.spawn(process.execPath, ['--enable-source-maps', program, JSON.stringify(processInit)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const child = new Child(scope, spawned, name)
  let isStarted = false
  let lastId = 0
  const waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>()
  const note = (line: MemberLine): void => {
    if (line.type === 'started') isStarted = true
    else if (line.type === 'event') peers.note(line.event)
    else if (line.type === 'answer') waiting.get(line.id)?.resolve(line.result)
    else if (line.type === 'failed') waiting.get(line.id)?.reject(new Error(`${name}: ${line.message}`))
  }
  spawned.stdin?.on('error', () => {})
  if (spawned.stdout !== null) createInterface(spawned.stdout).on('line', (line) => note(JSON.parse(line)))
  void child.exited.then(() => {
    for (const { reject } of waiting.values()) reject(new Error(`${name} has ended`))
  })
  const ask = (command: MemberRequest['command'], names: readonly string[] = []): Promise<unknown> => {
    const request: MemberRequest = { id: ++lastId, command, names }
    const { id } = request
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${name} did not answer ${command}`)), ANSWER_MS)
      const settle = (act: (value: never) => void) => (value: unknown) => {
        clearTimeout(late)
        waiting.delete(id)
        act(value as never)
      }
      waiting.set(id, { resolve: settle(resolve), reject: settle(reject) })
      spawned.stdin?.write(`${JSON.stringify(request)}\n`)
    })
  }
  await waitFor(() => isStarted || !child.running, { what: () => `${name} to start:\n${child.output}` })
  if (!child.running) throw new Error(`${name} did not start:\n${child.output}`)
  return {
    name,
    kind: 'tiebeam',
    peers: peers.set,
    connect: async (names) => void (await ask('connect', names)),
    sync: async () => void (await ask('sync')),
    register: async (each) => (await ask('register', [each])) === true,
    table: async () => readTable(String(await ask('table'))),
    kill: () => child.kill(),
    stop: async () => {
      spawned.stdin?.end()
      await child.exited
    },
    get output() {
      return child.output
    },
  }
}
