import type { IncomingMessage } from 'node:http'
import { KubernetesError, messageOf } from '../../errors.ts'

/**
 * Reads a body to its end.
 * @throws KubernetesError `RESPONSE_TOO_LARGE`, `CONNECTION_FAILED`; the reason of the signal when that aborts
 */
export async function readText(
  response: IncomingMessage,
  request: string,
  bytesMax: number,
  signal: AbortSignal,
): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > bytesMax) break
      chunks.push(chunk)
    }
  } catch (error) {
    signal.throwIfAborted()
    throw lostConnection(request, error)
  }
  if (bytes > bytesMax) {
    throw new KubernetesError(
      'RESPONSE_TOO_LARGE',
      `${request}: the answer has more than ${bytesMax} bytes. Ask for less at a time (limit), or raise responseBytesMax.`,
      { httpStatus: response.statusCode },
    )
  }
  return Buffer.concat(chunks).toString('utf8')
}

/**
 * Reads a body and parses it.
 * @throws as `readText`, and KubernetesError `RESPONSE_MALFORMED`
 */
export async function readJson(
  response: IncomingMessage,
  request: string,
  bytesMax: number,
  signal: AbortSignal,
): Promise<unknown> {
  const text = await readText(response, request, bytesMax, signal)
  try {
    return JSON.parse(text)
  } catch {
    // The parser's own error quotes the text, which may be a Secret.
    throw new KubernetesError(
      'RESPONSE_MALFORMED',
      `${request}: the answer is not JSON. Is it the API server that answers, or a proxy before it?`,
      { httpStatus: response.statusCode },
    )
  }
}

function lostConnection(request: string, error: unknown): KubernetesError {
  return new KubernetesError(
    'CONNECTION_FAILED',
    `${request}: the connection was lost before the answer was complete: ${messageOf(error)}.`,
    { cause: error },
  )
}
