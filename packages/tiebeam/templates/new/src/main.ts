import { start } from 'tiebeam'
import { Counter } from './counter.ts'

// Reads the environment, starts the node, finds the others, serves health and metrics, and stops in order on SIGTERM.
const app = await start({
  children: [Counter.child({ name: 'counter' })],
  // What other nodes, and `tiebeam rpc`, may call.
  expose: {
    '{{name}}': {
      nodes: (): string[] => [app.name, ...app.node.nodes()],
    },
  },
})

app.node.on('nodeup', ({ name }) => app.logger.info({ peer: name }, 'A node has come.'))
app.node.on('nodedown', ({ name }) => app.logger.info({ peer: name }, 'A node has gone.'))
