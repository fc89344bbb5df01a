import { execFileSync } from 'node:child_process'
import { quantile, summaryOf } from '../../src/core/bench/statistics.ts'
import { apply } from '../../src/core/diff/apply.ts'
import { delta } from '../../src/core/diff/delta.ts'
import { parse } from '../../src/core/diff/parse.ts'
import { type CountTokens, loadCounter } from '../../src/core/tokens/count.ts'
import type { Context } from '../context.ts'
import type { Detail, Headline, RowResult } from '../result.ts'
import { sessionsIn } from '../transcript-turns.ts'

const RUNS = 300
const TOKENS = 10_000
const COMMITS = 150
const MUST = { ms: 50, aimMs: 5, share: 0.3 }

type Pair = readonly [base: string, next: string]

/**
 * How long a diff of 10,000 tokens takes, written, read and applied; and what a patch is of the full text, in tokens: of files before and after a commit
 * of this repository, and with --transcripts of the contexts of sessions from turn to turn and of what their tools gave for the same question again.
 */
export async function diffs(context: Context): Promise<RowResult> {
  const count = await loadCounter()
  const history = pairsOfHistory(context.packageRoot)
  const base = textOfTokens(history.map(([, next]) => next).join('\n'), count)
  const headlines: Headline[] = []
  const details: Detail[] = []
  const notes: string[] = []
  for (const [what, next] of editsOf(base)) {
    await context.quiet()
    const ms = Array.from({ length: context.runs ?? RUNS }, () => timed([base, next]))
    const summary = summaryOf(ms)
    const contender = 'mycelium'
    details.push({ contender, what: `diff, write, read, apply: ${what}`, unit: 'ms', summary })
    headlines.push({
      what: `${TOKENS} tokens, ${what}, p95`,
      contender,
      value: quantile(ms, 0.95),
      unit: 'ms',
      must: MUST.ms,
      aim: MUST.aimMs,
    })
  }
  const judge = (what: string, pairs: readonly Pair[]) => {
    if (pairs.length === 0) {
      notes.push(`${what}: none`)
      return
    }
    const sizes = pairs.map(([was, is]) => ({ full: count(is), sent: sentTokens(was, is, count) }))
    const sum = (of: (size: (typeof sizes)[number]) => number) =>
      sizes.reduce((all, size) => all + of(size), 0)
    const shares = sizes.map(({ full, sent }) => sent / Math.max(1, full))
    const value =
      sum(({ sent }) => sent) /
      Math.max(
        1,
        sum(({ full }) => full),
      )
    headlines.push({
      what: `${what} (n ${pairs.length}): tokens of the full text`,
      contender: 'mycelium',
      value,
      unit: '×',
      must: MUST.share,
    })
    details.push({
      contender: 'mycelium',
      what: `${what}: share of each`,
      unit: '×',
      summary: summaryOf(shares),
    })
  }
  judge('file before and after a commit', history)
  if (context.transcripts === undefined) notes.push('--transcripts DIR also measures sessions')
  else {
    const sessions = sessionsIn(context.transcripts)
    judge(
      `context from turn to turn, ${sessions.length} sessions`,
      sessions.flatMap(({ added }) => growing(added)),
    )
    const again = sessions.flatMap(({ results }) => repeated(results))
    judge('the same question of a tool again', again)
    judge(
      '  of these, changed',
      again.filter(([was, is]) => was !== is),
    )
  }
  return { headlines, details, notes }
}

/** Milliseconds for the whole way; throws where the result is not the text. */
function timed([base, next]: Pair): number {
  const since = performance.now()
  const written = parse(delta(base, next).text)
  const made = written.kind === 'whole' ? written.text : apply(base, written.patch)
  const ms = performance.now() - since
  if (made !== next) throw new Error('a patch did not make its text')
  return ms
}

/** Tokens that are sent: of the patch, or of the text where that has fewer. */
function sentTokens(base: string, next: string, count: CountTokens): number {
  const { kind, text } = delta(base, next)
  return kind === 'whole' ? count(next) : Math.min(count(text), count(next))
}

/** The context before and after each message but the first. */
function growing(added: readonly string[]): readonly Pair[] {
  let before = added[0]!
  return added.slice(1).map((text) => {
    const pair = [before, before + text] as const
    before += text
    return pair
  })
}

/** Each result with the one that the same question had before. */
function repeated(results: readonly { readonly source: string; readonly text: string }[]): readonly Pair[] {
  const last = new Map<string, string>()
  return results.flatMap(({ source, text }) => {
    const before = last.get(source)
    last.set(source, text)
    return before === undefined || text === '' ? [] : [[before, text] as const]
  })
}

/** Texts that were changed, before and after, of the last commits of the repository. */
function pairsOfHistory(root: string): readonly Pair[] {
  const git = (...words: string[]) =>
    execFileSync('git', ['-C', root, ...words], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  const pairs: Pair[] = []
  let commit = ''
  for (const line of git('log', '--no-merges', '--format=%H', '--name-status', '-n', String(COMMITS)).split(
    '\n',
  )) {
    if (/^[0-9a-f]{40}$/.test(line)) commit = line
    const file = /^M\t(.+\.(?:ts|mjs|md|json|sh))$/.exec(line)?.[1]
    if (file === undefined) continue
    pairs.push([git('show', `${commit}^:${file}`), git('show', `${commit}:${file}`)])
  }
  return pairs
}

function textOfTokens(text: string, count: CountTokens): string {
  const lines = text.split('\n')
  let [low, high] = [0, lines.length]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (count(lines.slice(0, middle).join('\n')) <= TOKENS) low = middle
    else high = middle - 1
  }
  return lines.slice(0, low).join('\n')
}

function editsOf(base: string): readonly (readonly [what: string, next: string])[] {
  const lines = base.split('\n')
  const every = (n: number) => lines.map((line, i) => (i % n === 0 ? `${line} // changed` : line)).join('\n')
  const half = lines.length >> 1
  return [
    ['1 line in 100 changed', every(100)],
    ['1 line in 10 changed', every(10)],
    ['every line changed', every(1)],
    ['halves swapped', [...lines.slice(half), ...lines.slice(0, half)].join('\n')],
    ['lines in another order', lines.map((_, i) => lines[(i * 7919) % lines.length]).join('\n')],
    [
      'a third more',
      `${base}\n${lines
        .slice(0, lines.length / 3)
        .map((line) => `${line}!`)
        .join('\n')}`,
    ],
  ]
}
