import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Command } from 'commander'
import { renderTable } from '../output.ts'
import { parsePort } from './target-options.ts'
import { paintOut, printJson } from './terminal.ts'

interface Flags {
  readonly port?: number
  readonly address: readonly string[]
  readonly json?: true
}

const EPMD_PORT = 4369

export function registerEpmd(program: Command): void {
  const epmd = program
    .command('epmd')
    .description('be the EPMD of this host, which tells where its nodes listen; in the foreground')
    .option('--port <port>', 'default: ERL_EPMD_PORT, else 4369', parsePort)
    .option('--address <addresses...>', 'where to listen', ['127.0.0.1'])
    .addHelpText('after', '\nNodes of Tiebeam need none: the first on a host is EPMD itself.')
    .action(async ({ port, address }: Flags) => {
      const { EpmdRegistry, serveEpmd } = await import('@tiebeam/distribution')
      const registry = new EpmdRegistry({ creation: randomBytes(4).readUInt32BE() })
      const servers = []
      for (const each of address)
        servers.push(await serveEpmd({ registry, address: each, port: port ?? defaultPort() }))
      process.stdout.write(servers.map((server) => `EPMD listens on ${server.address}:${server.port}\n`).join(''))
      await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])
      await Promise.all(servers.map((server) => server.close()))
    })
  epmd
    .command('names')
    .description('list the nodes of this host, as epmd -names does')
    .option('--port <port>', 'default: ERL_EPMD_PORT, else 4369', parsePort)
    .option('--host <address>', 'of the EPMD to ask', '127.0.0.1')
    .option('--json', 'print JSON')
    .action(async (_flags: unknown, command: Command) => {
      const { port, host, json } = command.optsWithGlobals<{ port?: number; host: string; json?: true }>()
      const { listNodes } = await import('@tiebeam/distribution')
      const nodes = await listNodes({ address: host, port: port ?? defaultPort() })
      if (json === true) await printJson(nodes)
      else
        process.stdout.write(
          renderTable(
            ['name', 'port'],
            nodes.map((node) => [node.name, String(node.port)]),
            paintOut(),
          ),
        )
    })
}

function defaultPort(): number {
  return Number(process.env.ERL_EPMD_PORT) || EPMD_PORT
}
