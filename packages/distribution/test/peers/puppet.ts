import { atom, Pid, type Reference, Tuple, tuple } from '@tiebeam/etf'
import type { Node } from '../../src/node.ts'
import { type Destination, Down, Exit, ExitReason, type MonitorTarget } from '../../src/process/notices.ts'
import type { Process } from '../../src/process/process.ts'

/** What puppet.erl does, done by a Tiebeam node: the same commands, and the same messages to the owner. */
export function startPuppeteer(node: Node): void {
  node.spawn(
    async (self) => {
      for await (const message of self) {
        const owner = (message as Tuple).at(1) as Pid
        self.send(owner, tuple(atom('made'), self.spawn(puppet(owner))))
      }
    },
    { name: 'puppeteer' },
  )
}

function puppet(owner: Pid) {
  return async (self: Process): Promise<void> => {
    for await (const message of self) {
      if (message instanceof Tuple && message.at(0) === atom('do')) {
        const [, tag, command] = message.elements
        self.send(owner, tuple(atom('did'), tag, await carryOut(self, command as Tuple)))
      } else self.send(owner, tuple(atom('got'), self.pid, asErlang(message)))
    }
  }
}

async function carryOut(self: Process, command: Tuple): Promise<unknown> {
  const [name, first, second] = command.elements
  switch (String(name)) {
    case 'link':
      self.link(first as Pid)
      return atom('ok')
    case 'unlink':
      self.unlink(first as Pid)
      return atom('ok')
    case 'monitor':
      return self.monitor(addressOf(first) as MonitorTarget)
    case 'demonitor':
      self.demonitor(first as Reference)
      return atom('ok')
    case 'send':
      self.send(addressOf(first), second)
      return atom('ok')
    case 'exit':
      self.exit(first as Pid, second)
      return atom('ok')
    case 'trap':
      self.trapExit = first as boolean
      return atom('ok')
    case 'register':
      self.register(String(first))
      return atom('ok')
    case 'alias':
      return self.alias()
    case 'unalias':
      return self.unalias(first as Reference)
    case 'ping':
      return atom(await self.node.ping(String(first)))
    case 'leave':
      throw new ExitReason(first)
    default:
      throw new Error(`no such command: ${name}`)
  }
}

/** `{Name, Node}` is a tuple on the wire. */
function addressOf(value: unknown): Destination {
  if (value instanceof Tuple) return { name: String(value.at(0)), node: String(value.at(1)) }
  return value as Destination
}

/** Down and Exit as the tuples that they are in Erlang. */
function asErlang(message: unknown): unknown {
  if (message instanceof Exit) return tuple(atom('EXIT'), message.from, message.reason)
  if (message instanceof Down) {
    const { reference, target, reason } = message
    const object = target instanceof Pid ? target : tuple(atom(target.name), atom(target.node))
    return tuple(atom('DOWN'), reference, atom('process'), object, reason)
  }
  return message
}
