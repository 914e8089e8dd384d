import { Worker } from 'node:worker_threads'

/** Asks a thread whose file this module names by its own place. */
export function double(value: number): Promise<number> {
  const worker = new Worker(new URL('./doubler.js', import.meta.url))
  return new Promise((resolve, reject) => {
    worker.once('error', reject)
    worker.once('message', (answer: number) => {
      resolve(answer)
      void worker.terminate()
    })
    worker.postMessage(value)
  })
}
