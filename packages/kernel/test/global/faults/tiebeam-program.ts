/** A Tiebeam node of the cluster that goes through faults. Its one argument is a `MemberProcessInit`; the end of standard input is its end. */
import { createInterface } from 'node:readline'
import { inspect } from 'node:util'
import { atom, type Logger, Node } from '@tiebeam/distribution'
import { encode } from '@tiebeam/etf'
import { GlobalNames } from '../../../src/index.ts'
import type { MemberLine, MemberProcessInit, MemberRequest } from './member.ts'

const init = JSON.parse(process.argv[2] ?? '') as MemberProcessInit

function print(line: MemberLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

const log =
  (level: string) =>
  (about: unknown, text?: string): void => {
    print({ type: 'log', level, text: `${text} ${inspect(about, { depth: 1, breakLength: 1000 })}` })
  }
const logger: Logger = {
  child: () => logger,
  trace: () => {},
  debug: () => {},
  info: log('info'),
  warn: log('warn'),
  error: log('error'),
  fatal: log('fatal'),
}

const names = new GlobalNames()
const node = await Node.start({ ...init, logger, services: [names] })
node.on('nodeup', ({ name: peer, published }) => {
  if (published) print({ type: 'event', event: { type: 'up', peer } })
})
node.on('nodedown', ({ name: peer, published }) => {
  if (published) print({ type: 'event', event: { type: 'down', peer } })
})
print({ type: 'started' })

async function carryOut({ command, names: given }: MemberRequest): Promise<unknown> {
  switch (command) {
    case 'connect':
      for (const name of given) node.connect(name).catch(() => {})
      return undefined
    case 'sync':
      return names.sync()
    case 'register': {
      const pid = node.spawn((self) => self.receive({ match: () => false }))
      return names.registerName(atom(given[0] as string), pid)
    }
    case 'table':
      return names
        .registeredNames()
        .flatMap((name) => {
          const pid = names.whereisName(name)
          return pid === undefined
            ? []
            : `${(name as { name: string }).name} ${encode(pid).toString('hex').toUpperCase()}\n`
        })
        .join('')
  }
}

createInterface(process.stdin)
  .on('line', (line) => {
    const request = JSON.parse(line) as MemberRequest
    carryOut(request).then(
      (result) => print({ type: 'answer', id: request.id, result }),
      (error) => print({ type: 'failed', id: request.id, message: String(error) }),
    )
  })
  .on('close', () => {
    node.stop().then(() => process.exit(0))
  })
