import { type ChildProcess, fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { packageRoot } from '../config/package-root.ts'
import { MyceliumError } from '../errors.ts'
import type { Order } from './analyze.ts'
import type { FromChild, ToChild } from './child.ts'

/** What looking at many files needs besides their names. */
export interface ChildrenContext {
  readonly root: string
  readonly clock: Clock
  readonly env: NodeJS.ProcessEnv
  /** Processes at once. */
  readonly children: number
  readonly signal: AbortSignal
  /** What the processes run, and how long a file may take, ms; both as in the package by default. */
  readonly program?: string
  readonly hangMs?: number
  /** Takes each answer, in no particular order. */
  take(message: FromChild): void
}

/** Above this a process more does not pay: it is the disk and this process that are waited for. */
const MAX_CHILDREN = 4
/** Files that one process looks at before a second one is worth its start. */
const FILES_PER_CHILD = 24

/** How many processes to look at so many files with. */
export function childrenFor(files: number): number {
  return Math.max(1, Math.min(availableParallelism(), MAX_CHILDREN, Math.ceil(files / FILES_PER_CHILD)))
}

/** Files of one order: enough that a process never waits for the next, few enough that all end together. */
const ORDER_FILES = 32
/** A file that takes longer hangs its parser. */
const HANG_MS = 10_000
const MAX_HEAP_MB = 256
/** The fallback, or problem, of a file that its process did not survive; pairs with repository.ts. */
export const CRASHED = 'its parser crashed or hung'

/** Processes that may end one after the other without having answered anything: then it is not the files that are wrong. */
const MAX_DEATHS = 30

/**
 * Looks at files in processes of their own. One that crashes, hangs or outgrows its memory is replaced, and costs the file it was at its syntax
 * tree only: that file is tried once more alone, and then without its parser. Throws interrupted when the signal is given, internal when the
 * processes do nothing but end; leaves no process behind.
 */
export async function analyzeAll(files: readonly Order[], context: ChildrenContext): Promise<void> {
  const queue = [...files]
  const suspects: Order[] = []
  let deaths = 0
  const next = (): readonly Order[] =>
    suspects.length > 0 ? suspects.splice(0, 1) : queue.splice(0, Math.min(ORDER_FILES, share(queue.length)))
  const share = (left: number) => Math.max(1, Math.ceil(left / (2 * context.children)))
  const goesOn = () => !context.signal.aborted && deaths <= MAX_DEATHS
  const lane = async (): Promise<void> => {
    let child: ChildProcess | undefined
    try {
      for (let order = next(); order.length > 0 && goesOn(); order = next()) {
        const isFresh = child === undefined
        child ??= start(context)
        const left = await ask(child, order, context)
        if (left.length === 0) {
          deaths = 0
          continue
        }
        child.kill('SIGKILL')
        child = undefined
        deaths = left.length < order.length ? 0 : deaths + 1
        const [culprit, ...rest] = left
        queue.unshift(...rest)
        blame(culprit!, order.length === 1 && isFresh)
      }
    } finally {
      child?.kill('SIGKILL')
    }
  }
  // One that has worked before may have ended of what it did then.
  const blame = (file: Order, isCertain: boolean): void => {
    if (!isCertain) suspects.push(file)
    else if (file.unparsed === undefined) suspects.push({ ...file, unparsed: CRASHED })
    else
      context.take({ ...(file.id === undefined ? {} : { id: file.id }), path: file.path, problem: CRASHED })
  }
  await Promise.all(Array.from({ length: Math.min(context.children, files.length) }, lane))
  if (context.signal.aborted) throw new MyceliumError('interrupted', 'stopped')
  if (deaths > MAX_DEATHS) throw new MyceliumError('internal', 'the processes that read files end at once')
}

function start({ env, program = join(packageRoot(), 'dist/analysis.js') }: ChildrenContext): ChildProcess {
  const { NODE_OPTIONS: _, ...rest } = env
  const child = fork(program, [], {
    execArgv: [`--max-old-space-size=${MAX_HEAP_MB}`],
    // Flags of the caller's Node are not the parser's business.
    env: rest,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  // Also after an order has been given up: nobody listening would end this process.
  child.on('error', () => {})
  return child
}

/** Files of the order that were not answered because the process ended or hung; none when all were. */
function ask(
  child: ChildProcess,
  order: readonly Order[],
  context: ChildrenContext,
): Promise<readonly Order[]> {
  return new Promise((resolve) => {
    let answered = 0
    let cancel = (): void => {}
    const end = (): void => {
      cancel()
      child.off('message', take).off('exit', end).off('error', end)
      context.signal.removeEventListener('abort', end)
      resolve(order.slice(answered))
    }
    const watch = (): void => {
      cancel()
      cancel = context.clock.after(context.hangMs ?? HANG_MS, end)
    }
    const take = (message: FromChild): void => {
      answered++
      context.take(message)
      if (answered === order.length) end()
      else watch()
    }
    child.on('message', take).once('exit', end).once('error', end)
    context.signal.addEventListener('abort', end)
    watch()
    child.send({ root: context.root, files: order } satisfies ToChild, (error) => {
      if (error) end()
    })
  })
}
