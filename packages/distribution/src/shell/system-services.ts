import type { Pid } from '@tiebeam/etf'
import type { CallServer } from '../calls.ts'
import type { Node } from '../node.ts'
import type { ServedProcess, ServeInit } from '../node-service.ts'
import type { Answer } from '../system/gen-call.ts'
import { answerAsGroupLeader } from '../system/group-leader.ts'
import { answerAsNetKernel } from '../system/net-kernel.ts'
import {
  broadcastReply,
  CALL_NOT_SUPPORTED,
  ERPC_FEATURE,
  featuresReply,
  type RexRequest,
  rexRequestOf,
} from '../system/rex.ts'

export interface SystemServicesInit {
  readonly node: Node
  readonly callServer: () => CallServer | undefined
  readonly serve: (init: ServeInit) => ServedProcess
}

/** What the processes do that OTP expects on every node. */
export class SystemServices {
  readonly #init: SystemServicesInit

  /** @returns the group leader of what other nodes run for this one */
  static start(init: SystemServicesInit): Pid {
    const services = new SystemServices(init)
    init.serve({ name: 'net_kernel', handle: (message) => services.#answer(answerAsNetKernel(message)) })
    init.serve({ name: 'rex', handle: (message) => services.#rex(message) })
    return init.serve({ handle: (message) => services.#groupLeader(message) }).pid
  }

  private constructor(init: SystemServicesInit) {
    this.#init = init
  }

  #rex(message: unknown): void {
    const request = rexRequestOf(message)
    if (request !== undefined) this.#serve(request)
  }

  #groupLeader(message: unknown): void {
    const io = answerAsGroupLeader(message)
    if (io === undefined) return
    const { answer, text } = io
    if (text !== '') this.#init.node.logger.info({ peer: answer.to.node, text }, 'written by a remote call')
    this.#answer(answer)
  }

  #serve(request: RexRequest): void {
    const { node, callServer } = this.#init
    const answer = (each: Answer): void => this.#answer(each)
    const server = callServer()
    switch (request.type) {
      case 'features':
        answer(featuresReply(request.from, node.name, server === undefined ? [] : [ERPC_FEATURE]))
        return
      case 'call':
        if (server === undefined) answer(request.answer(CALL_NOT_SUPPORTED))
        else void server.call(request.call, request.from).then((reply) => answer(request.answer(reply)))
        return
      case 'cast':
        void server?.call(request.call, undefined)
        return
      case 'broadcast': {
        const pid = node.whereis(request.name)
        if (pid !== undefined) node.send(pid, request.message)
        answer(broadcastReply(request.from, node.name, pid === undefined ? request.name : undefined))
        return
      }
      case 'send': {
        const pid = node.whereis(request.name)
        if (pid !== undefined) node.send(pid, request.message)
        else answer(broadcastReply(request.from, node.name, request.name))
        return
      }
    }
  }

  #answer(answer: Answer | undefined): void {
    if (answer === undefined) return
    try {
      this.#init.node.send(answer.to, answer.message)
    } catch (error) {
      this.#init.node.logger.warn({ err: error }, 'an answer of the node itself could not be sent')
    }
  }
}
