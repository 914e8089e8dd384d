/** A node of its own that runs one program, for tests that kill it. Arguments: shutdownMs, and a script for /bin/sh. */
import { Node } from '@tiebeam/distribution'
import { freePort } from '@tiebeam/testing'
import { Program } from '../../src/index.ts'

const [, , shutdownMs, text] = process.argv
const node = await Node.start({ name: 'guarded@127.0.0.1', cookie: 'secret', epmd: false, port: await freePort() })
const program = await Program.start(node, {
  command: '/bin/sh',
  args: ['-c', text as string],
  shutdownMs: Number(shutdownMs),
  output: ({ text: line }) => console.log(`program: ${line}`),
})
console.log(`group ${program.osPid}`)
