import { parentPort } from 'node:worker_threads'
import { attempt } from './attempt.ts'
import { fileServer } from './thread-file.ts'

// Entry of a worker thread; pairs with threads.ts.
if (parentPort !== null) {
  const port = parentPort
  const serve = fileServer((message) => port.postMessage(message), attempt)
  port.on('message', serve)
}
