/**
 * Runs the server of an authority on the host that it is started on. Its arguments are the name of the authority and the host's address.
 * It says that it serves, and then answers each `Order` of its parent.
 */
import { Teardown } from '@tiebeam/testing'
import { EtcdServer } from './etcd-server.ts'
import { KubernetesServer } from './kubernetes-server.ts'
import type { AuthorityServer, Order, OrderAnswer } from './protocol.ts'

const [, , name, address = ''] = process.argv
const scope = new Teardown()
const server: AuthorityServer =
  name === 'etcd' ? await EtcdServer.start(scope, address) : await KubernetesServer.start(scope, address)

process.on('message', async ([method, ...args]: Order) => {
  const call = server[method] as (...args: readonly string[]) => Promise<unknown>
  answer(
    await call.apply(server, args).then(
      (done) => ({ done }),
      (error: unknown) => ({ failed: String(error) }),
    ),
  )
})
process.once('disconnect', () => process.exit())
answer({ done: undefined })

function answer(what: OrderAnswer): void {
  process.send?.(what)
}
