/** To be process 1 of a PID namespace: runs a program that leaves a zombie in its group, and says how it ended. */
import { Node } from '@tiebeam/distribution'
import { freePort } from '@tiebeam/testing'
import { Program } from '../../src/index.ts'

const node = await Node.start({ name: 'first@127.0.0.1', cookie: 'secret', epmd: false, port: await freePort() })
const program = await Program.start(node, {
  command: '/bin/sh',
  // The inner shell ends at once, so its child becomes one of process 1, which does not reap it.
  args: ['-c', "sh -c 'sleep 0.1 & exit'; sleep 0.4"],
  shutdownMs: 600_000,
})
const { status } = await program.exited
console.log(`process ${process.pid}: ended with status ${status}`)
await node.stop()
