import { Worker } from 'node:worker_threads'
import type { Clock } from '../clock.ts'
import type { ParsedFile } from '../score/analysis.ts'
import type { Parse } from './source.ts'

/** An agent waits; the client of the process that answers hooks does so for 3 s. Pairs with ANSWER_MS in templates/relay.c. */
const LIMIT_MS = 2_500
/** At once; each has a parser of its own. */
const MAX_THREADS = 4
const MAX_HEAP_MB = 256

/**
 * Parses each text in a thread that is gone afterwards, for a process that lives on: others are answered meanwhile, no parser stays in its memory, and
 * a text that takes too long counts as one that no parser reads.
 */
export function parsingApart(clock: Clock): Parse {
  let running = 0
  return async (parsers, path, text) => {
    if (running >= MAX_THREADS) return undefined
    running += 1
    try {
      return await parsedInThread(parsers, path, text, clock)
    } catch {
      // The system has no thread to give.
      return undefined
    } finally {
      running -= 1
    }
  }
}

function parsedInThread(
  parsers: string,
  path: string,
  text: string,
  clock: Clock,
): Promise<ParsedFile | undefined> {
  const thread = new Worker(parsers, {
    workerData: { parse: { path, text } },
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    ...{ stdout: true, stderr: true },
  })
  return new Promise((resolve) => {
    const settle = (parsed: ParsedFile | undefined): void => {
      cancel()
      void thread.terminate()
      resolve(parsed)
    }
    const cancel = clock.after(LIMIT_MS, () => settle(undefined))
    thread.once('message', settle)
    thread.once('error', () => settle(undefined))
    thread.once('exit', () => settle(undefined))
  })
}
