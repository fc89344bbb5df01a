import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { packageRoot } from '../config/package-root.ts'
import { MyceliumError } from '../errors.ts'
import type { FullVerdict, JudgeOptions } from './judge.ts'
import type { TierOptions } from './model/tier.ts'
import type { FromWorker, ToWorker } from './protocol.ts'

/** Verdicts from a process of their own, started when the first is asked for. */
export interface Judging {
  /** Pairs with Judge in core/compress. Rejects with internal when the process fails, twice in a row. */
  judge(original: string, compressed: string, options?: JudgeOptions): Promise<FullVerdict>
  /** Cosines of pairs of texts, by the tier alone. */
  alike(pairs: readonly (readonly [string, string])[]): Promise<Extract<FromWorker, { what: 'cosines' }>>
  /** Pid of the process, while there is one. */
  readonly pid: number | undefined
  close(): void
}

/** Where and with what to judge. */
export interface JudgingOptions extends TierOptions {
  readonly clock: Clock
  readonly env: NodeJS.ProcessEnv
  /** The process ends after so long without a question; the model's memory is not for keeping. */
  readonly idleMs?: number
  /** A question that takes longer is given up, and the process with it. */
  readonly limitMs?: number
  readonly program?: string
}

const IDLE_MS = 60_000
const LIMIT_MS = 60_000
const MAX_HEAP_MB = 512

interface Question {
  readonly order: Exclude<ToWorker, { what: 'open' }>
  resolve(message: FromWorker): void
  reject(error: Error): void
}

/** Opens judging; nothing starts before it is asked. The process keeps nobody alive, and never outlives who started it. */
export function openJudging({
  clock,
  env,
  idleMs = IDLE_MS,
  limitMs = LIMIT_MS,
  program,
  ...tier
}: JudgingOptions): Judging {
  const waiting = new Map<number, Question>()
  let child: ChildProcess | undefined
  let cancel = (): void => {}
  let nextId = 1
  const end = (): void => {
    cancel()
    child?.kill('SIGKILL')
    child = undefined
  }
  const fail = (of: ChildProcess, why: string): void => {
    if (of !== child) return
    end()
    for (const question of [...waiting.values()]) question.reject(new MyceliumError('internal', why))
  }
  const running = (): ChildProcess => {
    if (child !== undefined) return child
    const one = start(program ?? join(packageRoot(), 'dist/verdict.js'), env)
    child = one
    one.on('error', (error) => fail(one, `the process that judges could not be used: ${error.message}`))
    one.on('exit', (code, signal) => fail(one, `the process that judges ended (${signal ?? code})`))
    one.on('message', (message: FromWorker) => {
      waiting.get(message.id)?.resolve(message)
      settle()
    })
    one.send({ what: 'open', ...tier } satisfies ToWorker)
    return one
  }
  const settle = (): void => {
    cancel()
    const isIdle = waiting.size === 0
    if (isIdle) keepAlive(child, false)
    cancel = clock.after(isIdle ? idleMs : limitMs, () =>
      isIdle ? end() : child && fail(child, `no verdict within ${limitMs} ms`),
    )
  }
  const ask = (make: (id: number) => Question['order']): Promise<FromWorker> =>
    new Promise((resolve, reject) => {
      const order = make(nextId++)
      const done =
        <T>(then: (value: T) => void) =>
        (value: T) => {
          waiting.delete(order.id)
          then(value)
        }
      waiting.set(order.id, { order, resolve: done(resolve), reject: done(reject) })
      const to = running()
      keepAlive(to, true)
      to.send(order, (error) => error && fail(to, error.message))
      settle()
    })
  const again = async (make: (id: number) => Question['order']): Promise<FromWorker> => {
    const message = await ask(make).catch(() => ask(make))
    if (message.what === 'failed') throw new MyceliumError('internal', `no verdict: ${message.message}`)
    return message
  }
  return {
    judge: async (original, compressed, options = {}) => {
      const message = await again((id) => ({ what: 'judge', id, original, compressed, options }))
      return (message as Extract<FromWorker, { what: 'verdict' }>).verdict
    },
    alike: async (pairs) =>
      (await again((id) => ({ what: 'alike', id, pairs }))) as Extract<FromWorker, { what: 'cosines' }>,
    get pid() {
      return child?.pid
    },
    close: () => {
      const was = child
      if (was !== undefined) fail(was, 'judging was closed')
    },
  }
}

function start(program: string, env: NodeJS.ProcessEnv): ChildProcess {
  const { NODE_OPTIONS: _, ...rest } = env
  return fork(program, [], {
    // Vectors cross as they are, not as text.
    serialization: 'advanced',
    execArgv: [`--max-old-space-size=${MAX_HEAP_MB}`],
    env: rest,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
}

/** Only while an answer is waited for may the child keep this process. */
function keepAlive(child: ChildProcess | undefined, does: boolean): void {
  if (does) child?.ref()
  else child?.unref()
  if (does) child?.channel?.ref()
  else child?.channel?.unref()
}
