// A thread for tests: does what it is told.
import { parentPort, workerData } from 'node:worker_threads'

if (workerData === 'throw') throw new Error('thrown at once')
parentPort.on('message', (message) => {
  if (message === 'throw') throw new Error('thrown later')
  if (message === 'exit') process.exit(3)
  if (message === 'done') parentPort.close()
  if (message === 'stop') {
    parentPort.postMessage('stopping')
    parentPort.close()
  }
})
parentPort.postMessage('ready')
