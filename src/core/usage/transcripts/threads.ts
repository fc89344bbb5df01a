import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { packageRoot } from '../../config/package-root.ts'
import type { EventOf } from '../../events/event.ts'
import type { Outcome } from './attempt.ts'
import type { FoundFile } from './reader.ts'
import { removeCopies } from './sqlite-copy.ts'
import type { FromThread, ToThread } from './thread-file.ts'

/** What reading in threads needs besides the files. */
export interface ThreadContext {
  readonly threads: number
  readonly known: ReadonlyMap<string, EventOf<'progress'>>
  readonly now: number
  readonly signal: AbortSignal
  /** Takes what was found, in the order of the files whichever thread read them. */
  readonly take: (message: FromThread, file: FoundFile) => Promise<void>
}

/** What one file's thread has told and nobody has taken yet. */
interface Lane {
  readonly waiting: FromThread[]
  worker: Worker | undefined
  wake: () => void
}

/**
 * Reads files in worker threads, several at a time, and hands on what they find exactly as if they had been read one after the other. A
 * thread far ahead of the others waits. Ends the threads on an abort, and when one fails throws what it threw.
 */
export async function readInThreads(files: readonly FoundFile[], context: ThreadContext): Promise<void> {
  const lanes: Lane[] = files.map(() => ({ waiting: [], worker: undefined, wake: () => {} }))
  let next = 0
  let failure: unknown
  const wakeAll = (): void => {
    for (const lane of lanes) lane.wake()
  }
  const start = (worker: Worker): void => {
    const index = next++
    const [file, lane] = [files[index], lanes[index]]
    if (file === undefined || lane === undefined) return
    lane.worker = worker
    worker.removeAllListeners('message')
    worker.on('message', (message: FromThread) => {
      lane.waiting.push(message)
      lane.wake()
      if (message.outcome !== undefined) start(worker)
    })
    const order: ToThread = { file, known: context.known.get(file.path), now: context.now }
    worker.postMessage(order)
  }
  const workers = Array.from({ length: Math.min(context.threads, files.length) }, () => {
    const worker = new Worker(join(packageRoot(), 'dist/transcripts.js'))
    worker.on('error', (error) => {
      failure = error
      wakeAll()
    })
    return worker
  })
  context.signal.addEventListener('abort', wakeAll)
  try {
    for (const worker of workers) start(worker)
    for (const [index, file] of files.entries()) await drain(lanes[index]!, file)
  } finally {
    context.signal.removeEventListener('abort', wakeAll)
    await Promise.all(workers.map((worker) => worker.terminate()))
    // One that was cut short did not tidy up.
    if (context.signal.aborted) removeCopies((pid) => pid === process.pid)
  }

  async function drain(lane: Lane, file: FoundFile): Promise<void> {
    for (let outcome: Outcome | undefined; outcome === undefined; ) {
      while (lane.waiting.length === 0) {
        if (failure !== undefined) throw failure
        if (context.signal.aborted) return
        await new Promise<void>((resolve) => {
          lane.wake = resolve
        })
      }
      const message = lane.waiting.shift()!
      await context.take(message, file)
      const taken: ToThread = 'taken'
      lane.worker?.postMessage(taken)
      outcome = message.outcome
    }
  }
}
