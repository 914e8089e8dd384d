import type { Pid, Reference } from '@tiebeam/etf'
import type { CallServer } from '../calls.ts'
import type { Logger } from '../logger.ts'
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
  /** Of the own node. */
  readonly name: string
  readonly callServer: () => CallServer | undefined
  readonly whereis: (name: string) => Pid | undefined
  readonly send: (to: Pid | Reference, message: unknown) => void
  readonly logger: Logger
}

/** What the processes do that OTP expects on every node. */
export class SystemServices {
  readonly #init: SystemServicesInit

  constructor(init: SystemServicesInit) {
    this.#init = init
  }

  /** A message to the registered process `net_kernel`. */
  netKernel(message: unknown): void {
    this.#answer(answerAsNetKernel(message))
  }

  /** A message to the registered process `rex`. */
  rex(message: unknown): void {
    const request = rexRequestOf(message)
    if (request !== undefined) this.#serve(request)
  }

  /** A message to the group leader of what other nodes run for this one. */
  groupLeader(message: unknown): void {
    const io = answerAsGroupLeader(message)
    if (io === undefined) return
    const { answer, text } = io
    if (text !== '') this.#init.logger.info({ peer: answer.to.node, text }, 'written by a remote call')
    this.#answer(answer)
  }

  #serve(request: RexRequest): void {
    const { name, callServer, whereis, send } = this.#init
    const answer = (each: Answer): void => this.#answer(each)
    const server = callServer()
    switch (request.type) {
      case 'features':
        answer(featuresReply(request.from, name, server === undefined ? [] : [ERPC_FEATURE]))
        return
      case 'call':
        if (server === undefined) answer(request.answer(CALL_NOT_SUPPORTED))
        else void server.call(request.call, request.from).then((reply) => answer(request.answer(reply)))
        return
      case 'cast':
        void server?.call(request.call, undefined)
        return
      case 'broadcast': {
        const pid = whereis(request.name)
        if (pid !== undefined) send(pid, request.message)
        answer(broadcastReply(request.from, name, pid === undefined ? request.name : undefined))
        return
      }
      case 'send': {
        const pid = whereis(request.name)
        if (pid !== undefined) send(pid, request.message)
        else answer(broadcastReply(request.from, name, request.name))
        return
      }
    }
  }

  #answer(answer: Answer | undefined): void {
    if (answer === undefined) return
    try {
      this.#init.send(answer.to, answer.message)
    } catch (error) {
      this.#init.logger.warn({ err: error }, 'an answer of the node itself could not be sent')
    }
  }
}
