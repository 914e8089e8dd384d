import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Child, type Host, type Scope } from '@tiebeam/testing'
import type { AuthorityAccess, Order, OrderAnswer, OutsideAuthority } from './protocol.ts'

const program = fileURLToPath(new URL('./program.js', import.meta.url))

/** The real server of an authority, on a host of the test's network. */
export class AuthorityProcess {
  readonly host: Host
  readonly #child: Child

  /** Resolves when it serves. */
  static async start(scope: Scope, host: Host, name: OutsideAuthority): Promise<AuthorityProcess> {
    const spawned = host.spawn(process.execPath, ['--enable-source-maps', program, name, host.ipv4], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    const authority = new AuthorityProcess(host, new Child(scope, spawned, name))
    await authority.#answer()
    return authority
  }

  private constructor(host: Host, child: Child) {
    this.host = host
    this.#child = child
  }

  /** One after the other. */
  async order(...order: Order): Promise<unknown> {
    this.#child.process.send(order)
    const answer = await this.#answer()
    if ('failed' in answer) throw new Error(`${order[0]} of the authority: ${answer.failed}`)
    return answer.done
  }

  async access(): Promise<AuthorityAccess> {
    return (await this.order('access')) as AuthorityAccess
  }

  async record(): Promise<string> {
    return (await this.order('read')) as string
  }

  async #answer(): Promise<OrderAnswer> {
    const ended = this.#child.exited.then(() => {
      throw new Error(`the authority ended. Its output:\n${this.#child.output}`)
    })
    const [answer] = await Promise.race([once(this.#child.process, 'message'), ended])
    return answer as OrderAnswer
  }
}
