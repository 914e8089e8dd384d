import { DistributionError } from '../errors.ts'
import {
  type AliveResponse,
  DISTRIBUTION_VERSION,
  decodeRequest,
  type EpmdNode,
  type EpmdRequest,
  encodeAliveResponse,
  encodeNamesResponse,
  encodePortResponse,
} from './codec.ts'

export interface EpmdRegistryInit {
  /** Given out to the first node; counts up from there. Any 32-bit number, different from one EPMD to the next. */
  readonly creation: number
  /** Default 4096. */
  readonly namesMax?: number
}

export type EpmdReply =
  | { readonly type: 'sendAndKeep'; readonly bytes: Buffer }
  | { readonly type: 'sendAndClose'; readonly bytes: Buffer }
  | { readonly type: 'close'; readonly reason: string }
  | { readonly type: 'nothing' }

const RESULT_OK = 0
const RESULT_REFUSED = 1
/** epmd keeps the creations 0 to 3 for nodes with 2 bits of it. */
const CREATION_MIN = 4

/**
 * What an EPMD knows and answers, without its sockets. A connection is any object that stands for one; its registration lasts until
 * {@link closed} is called for it.
 */
export class EpmdRegistry {
  readonly #namesMax: number
  readonly #byName = new Map<string, EpmdNode>()
  readonly #byConnection = new Map<object, string>()
  #creation: number

  constructor(init: EpmdRegistryInit) {
    this.#creation = init.creation >>> 0
    this.#namesMax = init.namesMax ?? 4096
  }

  /** The nodes that are registered, in the order in which they came. */
  nodes(): EpmdNode[] {
    return [...this.#byName.values()]
  }

  has(name: string): boolean {
    return this.#byName.has(name)
  }

  /** Registers the node of this very process, for as long as {@link closed} is not called with the same object. */
  add(owner: object, node: EpmdNode): AliveResponse {
    return this.#register(owner, node, true)
  }

  /**
   * Answers one request.
   * @param local whether the caller is a process of this host: others cannot register
   * @param epmdPort the port on which this EPMD is asked
   */
  receive(connection: object, request: Buffer, local: boolean, epmdPort: number): EpmdReply {
    // A registered node has nothing to ask on this connection; to close it would unregister a live node.
    if (this.#byConnection.has(connection)) return { type: 'nothing' }
    let decoded: EpmdRequest
    try {
      decoded = decodeRequest(request)
    } catch (error) {
      if (error instanceof DistributionError) return { type: 'close', reason: error.message }
      throw error
    }
    switch (decoded.type) {
      case 'alive':
        return this.#answerAlive(connection, decoded.node, local)
      case 'portPlease':
        return { type: 'sendAndClose', bytes: encodePortResponse(this.#byName.get(decoded.name)) }
      case 'names':
        return { type: 'sendAndClose', bytes: encodeNamesResponse(epmdPort, this.nodes()) }
      case 'refused':
        return { type: 'close', reason: `request ${decoded.tag} is not served` }
    }
  }

  /** The connection is gone, and with it the node that it had registered. */
  closed(connection: object): void {
    const name = this.#byConnection.get(connection)
    if (name === undefined) return
    this.#byConnection.delete(connection)
    this.#byName.delete(name)
  }

  #answerAlive(connection: object, node: EpmdNode, local: boolean): EpmdReply {
    const response = this.#register(connection, node, local)
    const bytes = encodeAliveResponse(response, isExtended(node))
    return { type: response.result === RESULT_OK ? 'sendAndKeep' : 'sendAndClose', bytes }
  }

  #register(connection: object, node: EpmdNode, local: boolean): AliveResponse {
    if (!local || !isRegistrable(node) || this.#byName.has(node.name) || this.#byName.size >= this.#namesMax) {
      return { result: RESULT_REFUSED, creation: 0 }
    }
    this.#byName.set(node.name, node)
    this.#byConnection.set(connection, node.name)
    const creation = this.#nextCreation()
    return { result: RESULT_OK, creation: isExtended(node) ? creation : (creation % 3) + 1 }
  }

  #nextCreation(): number {
    const creation = Math.max(this.#creation, CREATION_MIN)
    this.#creation = (creation + 1) >>> 0
    return creation
  }
}

/** Whether the node takes a creation of 32 bits. */
function isExtended(node: EpmdNode): boolean {
  return node.highestVersion >= DISTRIBUTION_VERSION
}

/** A name with blanks or line ends would forge lines in the answer to a request for all names. */
function isRegistrable(node: EpmdNode): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return node.name.length > 0 && node.name.length <= 255 && !/[\u0000-\u0020\u007f\ufffd]/.test(node.name)
}
