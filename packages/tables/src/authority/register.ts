import type { View } from '../member.ts'
import type { Authority, Installation } from './authority.ts'

/** The register itself: what an authority does, at the moment at which it does it. */
export class Register {
  #view: View | undefined

  get view(): View | undefined {
    return this.#view
  }

  install(next: View, expectedEpoch: number): Installation {
    if ((this.#view?.epoch ?? 0) !== expectedEpoch) return { type: 'stands', view: this.#view }
    this.#view = next
    return { type: 'installed', view: next }
  }
}

/** An authority in memory, for members of one process and for tests. */
export class MemoryAuthority implements Authority {
  readonly #register = new Register()

  async read(): Promise<View | undefined> {
    return this.#register.view
  }

  async install(next: View, expectedEpoch: number): Promise<Installation> {
    return this.#register.install(next, expectedEpoch)
  }
}
