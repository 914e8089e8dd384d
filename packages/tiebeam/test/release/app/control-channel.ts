import { createConnection, createServer, type Server } from 'node:net'
import { join } from 'node:path'

/** Stands for the control socket of an app: what the script of a release asks of it, and no more. */
export type Answer = (verb: string, argument: string) => string

function path(): string {
  return join(process.env.TIEBEAM_RUN_DIRECTORY ?? '.', 'control.sock')
}

export function listen(answer: Answer): Promise<Server> {
  const server = createServer((socket) => {
    socket.setEncoding('utf8').once('data', (line: string) => {
      const [verb = '', argument = ''] = line.trimEnd().split('\t')
      const text = answer(verb, argument)
      // The end of a stopped app is the end of the connection.
      if (verb === 'stop') socket.write(text)
      else socket.end(text)
    })
  })
  return new Promise((resolve) => server.listen(path(), () => resolve(server)))
}

export function ask(verb: string, argument: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path(), () => socket.write(`${verb}\t${argument}\n`))
    let text = ''
    socket.setEncoding('utf8').on('data', (piece) => {
      text += piece
    })
    socket.once('error', reject)
    socket.once('close', () => resolve(text))
  })
}
