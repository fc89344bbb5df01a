import { realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { runHook } from './commands/hook.ts'
import { statusText } from './commands/statusline.ts'
import { parsingApart } from './core/budget/parse-apart.ts'
import { systemClock } from './core/clock.ts'
import { pathsOf, refuseForeignRun } from './core/config/paths.ts'
import { MyceliumError } from './core/errors.ts'
import { stampOf } from './core/file-stamp.ts'
import type { QuickRequest } from './core/hook/quick-request.ts'
import { QuickServer } from './core/hook/quick-server.ts'

/** It starts with 45 MB and has 120 after some thousand inputs of 40 kB; a parser takes 50 more while it works. */
const MAX_RSS_BYTES = 192 * 1024 * 1024

const stamp = stampOf(__filename)
const parsers = join(__dirname, 'parsers.js')
const parse = parsingApart(systemClock)

/** By the same code as hook.ts and statusline.ts. */
async function answer(request: QuickRequest, bytes: Buffer): Promise<string> {
  const { argv, env } = request
  const [kind, client, event] = argv
  const input = Readable.from(chunks(bytes, request.whole))
  if (kind === 'statusline') return statusText({ input, env, clock: systemClock })
  let text = ''
  const write = (part: string): void => {
    text += part
  }
  await runHook({ client, event, input, env, clock: systemClock, parsers, parse, write })
  return text
}

/** One that is not whole breaks off. */
function* chunks(bytes: Buffer, whole: boolean): Generator<Buffer> {
  if (bytes.length > 0) yield bytes
  if (!whole) throw new Error('the input did not end')
}

function check({ argv: [kind], script }: QuickRequest): void {
  if (kind !== 'hook' && kind !== 'statusline')
    throw new MyceliumError('bad_hello', `${kind} is not answered`)
  if (realpathSync(dirname(script)) !== __dirname)
    throw new MyceliumError('bad_hello', `${script} is another program`)
}

function whyOver(): string | undefined {
  // An upgrade put another in its place.
  if (stampOf(__filename) !== stamp) return 'the program has changed'
  return process.memoryUsage.rss() > MAX_RSS_BYTES ? 'it has become too large' : undefined
}

/**
 * Answers hooks and status lines in this process, which is there already when they come: started by the daemon (daemon/quick-host.ts), it ends with it, by
 * their channel. In dist/hook.cjs, because it runs the code that is in there anyway. Throws run_dir_unsafe.
 */
export function waitForHooks(root: string): void {
  const paths = pathsOf(root)
  refuseForeignRun(paths)
  const server = new QuickServer({
    ...{ socket: paths.quickSocket, clock: systemClock, whyOver, check, answer },
    leave: () => process.exit(0),
  })
  process.on('disconnect', () => server.leave())
  process.on('message', () => (server.isCutOff ? server.leave() : process.send?.('here')))
  // Of one request, whose client waits for an answer and not for this.
  process.on('unhandledRejection', () => {})
  server.listen().catch(() => process.exit(1))
}
