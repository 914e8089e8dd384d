import { type App, GenServer, type Groups, type StartInit, start } from 'tiebeam'

/** One on every node; whoever calls the group reaches one of them. */
class Greeter extends GenServer {
  override readonly calls = {
    greet: (name: string) => `Hello ${name}, this is ${this.self.node.name}.`,
  }

  override init(groups: Groups) {
    groups.join('greeters', this.self.pid)
  }
}

/** The app of the article: a node with a supervision tree that finds the others, where there are any. */
export async function startApp(init: StartInit = {}): Promise<App> {
  const app = await start({ ...init, children: (app) => [Greeter.child({ args: [app.groups] })] })
  const count = () => app.node.nodes().length + 1
  app.node.on('nodeup', ({ name }) => app.logger.info(`${name} has come; now there are ${count()}.`))
  app.node.on('nodedown', ({ name }) => app.logger.info(`${name} has gone; now there are ${count()}.`))
  const greeting = await app.cluster.group<Greeter>('greeters').call('greet', app.name)
  // Some may have come while the app started.
  app.logger.info(`${greeting} Now there are ${count()}.`)
  return app
}
