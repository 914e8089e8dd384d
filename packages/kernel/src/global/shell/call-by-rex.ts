import { atom, genCall, type Node, Tuple, tuple } from '@tiebeam/distribution'
import type { CallFunction } from './conflicts.ts'

const BADRPC = atom('badrpc')

/** Calls functions of OTP nodes by their process `rex`. */
export function callByRex(node: Node): CallFunction {
  return async (peer, module, name, args) => {
    const request = tuple(atom('call'), atom(module), atom(name), args, node.pid)
    const answer = await node.ask({ name: 'rex', node: peer }, (alias) => genCall(node.pid, alias, request))
    if (!(answer instanceof Tuple)) throw new Error(`${peer} did not answer a call of ${module}:${name}/${args.length}`)
    const value = answer.at(1)
    if (value instanceof Tuple && value.at(0) === BADRPC) {
      throw new Error(`${peer} could not call ${module}:${name}/${args.length}: ${String(value.at(1))}`)
    }
    return value
  }
}
