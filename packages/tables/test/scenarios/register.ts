/** Keeps a register for the members of a test. Its argument is its node's name; lines on standard input change its record. */
import { createInterface } from 'node:readline'
import { Node, Reference, Tuple } from '@tiebeam/distribution'
import { MemoryAuthority } from '@tiebeam/tables'
import { COOKIE, PORT } from './member-protocol.ts'
import { REGISTER, type RegisterRequest } from './register-kind.ts'

const node = await Node.start({ name: process.argv[2] ?? '', cookie: COOKIE, epmd: false, port: PORT })
const original = new MemoryAuthority()
let register = original

node.spawn(
  async (self) => {
    for await (const message of self) {
      if (!(message instanceof Tuple) || !(message.elements[0] instanceof Reference)) continue
      const [alias, request] = message.elements as [Reference, RegisterRequest]
      self.send(alias, request[0] === 'read' ? await register.read() : await register.install(request[1], request[2]))
    }
  },
  { name: REGISTER },
)
createInterface(process.stdin).on('line', (line) => {
  register = line === 'delete' ? new MemoryAuthority() : original
})
process.stdout.write('ready\n')
