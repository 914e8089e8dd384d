import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

/** What the metadata service answers, and what it was asked; a test may change the answer. */
export interface Metadata {
  readonly url: string
  readonly asked: string[]
  status: number
  body: string
}

/** Plays Rancher's metadata service. */
export async function serveMetadata(t: TestContext, body: string): Promise<Metadata> {
  const server = createServer((request, response) => {
    metadata.asked.push(`${request.method} ${request.url} ${request.headers.accept}`)
    response.writeHead(metadata.status, { 'content-type': 'application/json' }).end(metadata.body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const metadata: Metadata = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    status: 200,
    body,
  }
  return metadata
}
