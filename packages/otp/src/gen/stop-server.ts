import { type Atom, atom, Down, equals, genCall, type Process, tuple } from '@tiebeam/distribution'
import { addressOf, type Caller, isTimeout, nodeOf, type ServerName } from './call.ts'
import { downError, timeoutError } from './call-error.ts'

/** The label of the calls that the module `sys` of OTP makes: `{system, From, Request}`. */
export const SYSTEM: Atom = atom('system')

export interface StopInit {
  /** What it ends with. Default `normal`. */
  readonly reason?: unknown
  /** How long to wait for its end. Default `Infinity`, as in OTP. */
  readonly timeoutMs?: number
}

/**
 * Asks a server to end, and waits until it has: `gen_server:stop/3`. Resolves when it ended with this reason.
 * @throws CallError `NOPROC`, `TIMEOUT`, `NODEDOWN`, `SERVER_EXITED` (with another reason)
 */
export async function stopServer(caller: Caller, server: ServerName, init: StopInit = {}): Promise<void> {
  const { reason = atom('normal'), timeoutMs = Number.POSITIVE_INFINITY } = init
  const down = await new Promise<Down>((resolve, reject) => {
    // A process of its own: its mailbox takes the answer to the request, which says no more than that it was understood.
    nodeOf(caller).spawn((self) => terminate(self, server, reason, timeoutMs).then(resolve, reject))
  })
  if (!equals(down.reason, reason)) throw downError(server, down)
}

async function terminate(self: Process, server: ServerName, reason: unknown, timeoutMs: number): Promise<Down> {
  const reference = self.monitor(server)
  self.send(addressOf(self, server), genCall(self.pid, self.alias(), tuple(atom('terminate'), reason), SYSTEM))
  try {
    return await self.receive({
      match: (message: unknown) => message instanceof Down && message.reference.equals(reference) && message,
      timeoutMs,
    })
  } catch (error) {
    throw isTimeout(error) ? timeoutError(server, timeoutMs) : error
  }
}
