import { randomInt } from 'node:crypto'
import { join, resolve } from 'node:path'
import { seededRandom } from '../core/bench/statistics.ts'
import { parsedBy } from '../core/budget/outline-cache.ts'
import { systemClock } from '../core/clock.ts'
import { packageRoot } from '../core/config/package-root.ts'
import { pathsFrom } from '../core/config/paths.ts'
import { knownSession, shortenedTexts } from '../core/effects/session-results.ts'
import { MyceliumError } from '../core/errors.ts'
import { openStdin, readInput } from '../core/input.ts'
import { openOriginals } from '../core/originals/open.ts'
import { agreementOf, type Rating } from '../core/rating/agreement.ts'
import { addRatings, readRatings } from '../core/rating/file.ts'
import { blinded, type Pair, pairsOf, type Shortening } from '../core/rating/pairs.ts'
import { textIfRegular } from '../core/regular-file.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'
import { agreementText, pairText } from '../core/report/rating-report.ts'
import { usageSource } from '../core/report/usage-source.ts'
import { judgedAgain, type NotedCompression } from '../core/shorten/noted.ts'
import { loadCounter } from '../core/tokens/count.ts'
import { askUsage, flushDaemon, type Source } from '../core/usage/source.ts'
import { judgeIn } from '../core/verdict/judge-by.ts'
import { openJudging } from '../core/verdict/open-judge.ts'

/** Options of `mycelium optimization rate`. */
export interface RateOptions {
  readonly sessionId?: string
  readonly limit: number
  readonly answers?: string
  readonly report?: boolean
  readonly json?: boolean
  readonly config?: readonly string[]
}

/** Longer ones nobody reads twice. */
const MAX_CHARACTERS = 12_000
const MAX_ANSWERS_BYTES = 1 << 20
const ANSWERS_MS = 60_000

interface Answer {
  readonly pair: Pair
  readonly person: boolean
}

/** A person judges pairs, blind; or answers come from a file, or the agreement so far is told. Throws pairs_none, answers_missing, answers_invalid, ratings_invalid. */
export async function runRate(io: Io, options: RateOptions): Promise<void> {
  const file = pathsFrom(io.env).ratings
  if (options.report) return tell(io, readRatings(file), options)
  const { source, done } = usageSource(io, options.config)
  done()
  const notes = new Map<string, NotedCompression>()
  const { pairs, tooLong } = await pairsToRate(source, options, readRatings(file), notes)
  if (pairs.length === 0)
    throw new MyceliumError(
      'pairs_none',
      tooLong > 0
        ? `nothing to rate: ${tooLong} texts have more than ${MAX_CHARACTERS} characters`
        : 'nothing to rate: no result was shortened, all were rated, or their originals are gone',
    )
  const drawn = blinded(pairs, seededRandom(randomInt(2 ** 31))).slice(0, options.limit)
  if (options.json && options.answers === undefined) {
    io.write(jsonText({ pairs: drawn.map(({ id, original, candidate }) => ({ id, original, candidate })) }))
    return
  }
  const answers =
    options.answers === undefined ? await asked(io, drawn) : await answersIn(io, options.answers, pairs)
  if (answers.length > 0) addRatings(file, await judged(io, source, answers, notes))
  io.talk(`${answers.length} rated\n`)
  tell(io, readRatings(file), options)
}

function tell(io: Io, ratings: readonly Rating[], { json }: RateOptions): void {
  const agreement = agreementOf(ratings)
  if (json) io.write(jsonText(agreement))
  else if (agreement.n === 0) io.write('nothing was rated yet: mycelium optimization rate\n')
  else io.write(agreementText(agreement, { width: io.width, paint: io.paint.stdout }))
}

async function pairsToRate(
  source: Source,
  { sessionId }: RateOptions,
  rated: readonly Rating[],
  notes: Map<string, NotedCompression>,
): Promise<{ readonly pairs: readonly Pair[]; readonly tooLong: number }> {
  const { paths, settings } = source
  await flushDaemon(paths)
  const handles = await askUsage(source, async (connection, recorded) => {
    if (!recorded) return []
    const session = sessionId === undefined ? undefined : await knownSession(connection, sessionId)
    if (sessionId !== undefined && session === undefined)
      throw new MyceliumError('session_unknown', `no session ${sessionId} is on record`)
    return await shortenedTexts(connection, session)
  })
  const originals = openOriginals(paths, settings, () => systemClock.wall())
  const texts = handles.flatMap((handle): Shortening[] => {
    const note = originals.noteOf(handle) as NotedCompression | undefined
    const original = note && originals.read(handle)?.toString('utf8')
    if (note === undefined || original === undefined) return []
    notes.set(handle, note)
    return [{ handle, original, content: note.content }]
  })
  const readable = texts.filter(({ original }) => original.length <= MAX_CHARACTERS)
  const known = new Set(rated.map(({ id }) => id))
  const pairs = pairsOf(readable).filter(({ id }) => !known.has(id))
  return { pairs, tooLong: texts.length - readable.length }
}

/** Until all are answered, `q`, or the end of input. */
async function asked(io: Io, pairs: readonly Pair[]): Promise<readonly Answer[]> {
  if (!io.terminal.stdin || !io.terminal.stderr)
    throw new MyceliumError('answers_missing', 'there is no terminal to ask at')
  const answers: Answer[] = []
  for (const [i, pair] of pairs.entries()) {
    io.write(pairText(pair, `${i + 1} of ${pairs.length}`))
    const question =
      'May it stand for the original: nothing false, nothing that matters unsaid? [y/n/s(kip)/q(uit)] '
    let word: string | undefined
    do word = (await io.ask(question))?.trim().toLowerCase()
    while (word !== undefined && !/^(y|yes|n|no|s|skip|q|quit)$/.test(word))
    if (word === undefined || word.startsWith('q')) break
    if (!word.startsWith('s')) answers.push({ pair, person: word.startsWith('y') })
  }
  return answers
}

/** Lines of `ID y`, `ID n` or `ID s`. */
async function answersIn(io: Io, file: string, pairs: readonly Pair[]): Promise<readonly Answer[]> {
  const text = file === '-' ? await inputText() : textIfRegular(resolve(io.cwd, file))
  if (text === undefined) throw new MyceliumError('path_missing', `${file} is no file that can be read`)
  const byId = new Map(pairs.map((pair) => [pair.id, pair]))
  const answers: Answer[] = []
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue
    const [, id, word] = /^\s*([0-9a-f]{8})\s+([yns])\s*$/.exec(line) ?? []
    const wrong = (why: string) => new MyceliumError('answers_invalid', `${file}:${i + 1}: ${why}`)
    if (id === undefined) throw wrong('not of the form ID y, ID n or ID s')
    const pair = byId.get(id)
    if (pair === undefined) throw wrong(`${id} is no pair that is to be rated`)
    if (word !== 's') answers.push({ pair, person: word === 'y' })
  }
  return answers
}

async function inputText(): Promise<string> {
  const { bytes, whole } = await readInput(openStdin(), {
    maxBytes: MAX_ANSWERS_BYTES,
    limitMs: ANSWERS_MS,
    clock: systemClock,
  })
  if (!whole) throw new MyceliumError('answers_invalid', 'standard input did not end, or is too long')
  return bytes.toString('utf8')
}

/** The gate says its own only now, so that nobody could have seen it. */
async function judged(
  io: Io,
  { paths }: Source,
  answers: readonly Answer[],
  notes: ReadonlyMap<string, NotedCompression>,
): Promise<readonly Rating[]> {
  const judging = openJudging({ clock: systemClock, env: io.env, models: paths.models })
  const judge = judgeIn(judging)
  const parsers = join(packageRoot(), 'dist/parsers.js')
  const parse = (path: string, text: string) => parsedBy(parsers, path, text)
  const count = await loadCounter()
  const ratings: Rating[] = []
  try {
    for (const { pair, person } of answers) {
      const { id, handle, original, candidate, planted } = pair
      const { pass, tier } = await judgedAgain(
        original,
        { ...notes.get(handle)!, content: candidate },
        { count, judge, parse },
      )
      ratings.push({ id, at: Math.round(systemClock.wall()), handle, planted, person, gate: pass, tier })
    }
  } finally {
    judging.close()
  }
  return ratings
}
