import { dirname, join } from 'node:path'
import { parsedBy } from '../core/budget/outline-cache.ts'
import { systemClock } from '../core/clock.ts'
import { packageRoot } from '../core/config/package-root.ts'
import { readLedger } from '../core/effects/ledger.ts'
import { knownSession, latestSession, sessionResults } from '../core/effects/session-results.ts'
import { type JudgedResult, validationOf } from '../core/effects/validation.ts'
import { MyceliumError } from '../core/errors.ts'
import { openOriginals } from '../core/originals/open.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'
import { ledgerText } from '../core/report/ledger-report.ts'
import { usageSource } from '../core/report/usage-source.ts'
import { validationText } from '../core/report/validation-report.ts'
import { judgedAgain, type NotedCompression } from '../core/shorten/noted.ts'
import { loadCounter } from '../core/tokens/count.ts'
import { askUsage, freshen, type Source } from '../core/usage/source.ts'
import { momentOf } from '../core/usage/window.ts'
import { judgeIn } from '../core/verdict/judge-by.ts'
import { openJudging } from '../core/verdict/open-judge.ts'

interface Common {
  readonly json?: boolean
  readonly config?: readonly string[]
}

/** Gives the exit code: 1 when a result of the session is below the gate. Throws session_unknown. */
export async function runValidate(io: Io, options: Common & { readonly sessionId: string }): Promise<number> {
  const { source, done } = usageSource(io, options.config)
  await freshen(source).finally(done)
  const { session, results, ledger } = await askUsage(source, async (connection, recorded) => {
    if (!recorded) throw unknown(options.sessionId)
    const named =
      options.sessionId === 'current'
        ? await currentSession(io, connection)
        : await knownSession(connection, options.sessionId)
    if (named === undefined) throw unknown(options.sessionId)
    return {
      session: named,
      results: await sessionResults(connection, named),
      ledger: await readLedger(connection, { sinceUs: 0, session: named }),
    }
  })
  const validation = validationOf(await judgedResults(io, source, results))
  if (options.json) io.write(jsonText({ session, ...validation, savings: ledger }))
  else {
    const screen = { width: io.width, paint: io.paint.stdout }
    io.write(validationText(session, validation, screen))
    if (validation.results > 0) io.write(`\n${ledgerText(ledger, screen)}`)
  }
  return validation.pass ? 0 : 1
}

function unknown(session: string): MyceliumError {
  return session === 'current'
    ? new MyceliumError('session_unknown', 'no session of an agent in this directory is on record')
    : new MyceliumError('session_unknown', `no session ${session} is on record`)
}

/** That of the agent which runs this command; else the one last active here, or in a directory around it. */
async function currentSession(
  { env, cwd }: Io,
  connection: Parameters<typeof latestSession>[0],
): Promise<string | undefined> {
  const own = env.CLAUDE_CODE_SESSION_ID
  const known = own ? await knownSession(connection, own) : undefined
  if (known !== undefined) return known
  for (let at = cwd; ; at = dirname(at)) {
    const found = await latestSession(connection, [at])
    if (found !== undefined || dirname(at) === at) return found
  }
}

/** Each result beside the original that its agent did not get; a text that was shortened more than once is judged as it was last. */
async function judgedResults(
  io: Io,
  { paths, settings }: Source,
  results: Awaited<ReturnType<typeof sessionResults>>,
): Promise<readonly JudgedResult[]> {
  const originals = openOriginals(paths, settings, () => systemClock.wall())
  const judging = openJudging({ clock: systemClock, env: io.env, models: paths.models })
  const judge = judgeIn(judging)
  const parsers = join(packageRoot(), 'dist/parsers.js')
  const parse = (path: string, text: string) => parsedBy(parsers, path, text)
  const count = await loadCounter()
  const verdicts = new Map<string, JudgedResult['verdict']>()
  try {
    for (const handle of new Set(results.map((result) => result.handle))) {
      const original = originals.read(handle)?.toString('utf8')
      const noted = originals.noteOf(handle) as NotedCompression | undefined
      // A text that was sent as what changed in it was not shortened itself.
      if (original !== undefined)
        verdicts.set(
          handle,
          await judgedAgain(original, noted ?? { ...WHOLE, content: original }, { count, judge, parse }),
        )
    }
  } finally {
    judging.close()
  }
  return results.map((result) => ({ ...result, verdict: verdicts.get(result.handle) }))
}

const WHOLE: Omit<NotedCompression, 'content'> = {
  handle: undefined,
  kind: 'text',
  tokensBefore: 0,
  tokensAfter: 0,
  strategies: [],
  lossless: true,
  steps: [],
  leftOut: [],
  target: Number.MAX_SAFE_INTEGER,
}

/** Options of `mycelium optimization report`. */
export interface SavingsOptions extends Common {
  readonly since?: string
}

/** What shortening came to, over all sessions that were seen since then. */
export async function runSavings(io: Io, options: SavingsOptions): Promise<void> {
  const now = systemClock.wall()
  const sinceMs = options.since === undefined ? 0 : momentOf(options.since, now, '--since')
  const { source, done } = usageSource(io, options.config)
  await freshen(source).finally(done)
  const ledger = await askUsage(source, async (connection, recorded) =>
    recorded ? await readLedger(connection, { sinceUs: sinceMs * 1_000 }) : undefined,
  )
  if (ledger === undefined) {
    if (options.json) io.write(jsonText(null))
    io.talk('nothing was recorded yet: no call came by mycelium\n')
    return
  }
  io.write(options.json ? jsonText(ledger) : ledgerText(ledger, { width: io.width, paint: io.paint.stdout }))
}
