import type { AgentDefinition } from './definition.ts'

/** What an agent is likely to take, in tokens of text that it reads and writes. */
export interface Need {
  readonly min: number
  readonly want: number
  readonly max: number
  /** How often a grant of so many tokens would be enough, 0 to 1. */
  enough(tokens: number): number
  /** Sessions on record that it was made of; with 0 it is an estimate alone. */
  readonly sessions: number
}

/** What is known of an agent before it runs. */
export interface Known {
  readonly definition: Pick<AgentDefinition, 'tokens' | 'tools' | 'model'> | undefined
  readonly task: string | undefined
  /** Tokens of the task. */
  readonly taskTokens: number
  /** What it took in sessions before, tokens each. */
  readonly used: readonly number[]
}

/** What a session of an agent reads that looks at a handful of files. */
const READS = 20_000
const LEAST = 2_000
/** Sessions that the estimate counts as beside those on record. */
const ESTIMATE_SESSIONS = 3
/** The estimate is within a factor of 3 four times in five: an assumption, made so wide as nothing has tested it. */
const SPREAD = Math.log(3) / 1.2816
/** Of a normal distribution: its third quartile, in spreads. */
const THIRD_QUARTILE = 0.6745

const READERS = /^(Read|Grep|Glob|LS|NotebookRead|read|grep|glob|list|search|read_file|grep_search)\b/
const WEB = /^(Web|web|fetch|mcp__)/
const BROAD = /\b(all|every|entire|whole|audit|thorough(ly)?|exhaustive(ly)?|codebase|repository|migrate)\b/i
const NARROW = /\b(quick(ly)?|short|single|brief(ly)?|one (file|function|line)|summar(y|ize|ise))\b/i
const SMALL_MODEL = /haiku|mini|nano|flash|lite|small|fast/i
const LARGE_MODEL = /opus|\bpro\b|max|high/i

/**
 * What an agent needs. Without a record it is estimated: its own definition and task, and what it will read, by its tools, model, the length of its instructions and
 * words of the task. Each session on record takes weight from that: quantiles of what it took (a tenth for min, three quarters for want, a quarter beyond
 * nineteen in twenty for max), n sessions against an estimate that counts as three, on the scale of logarithms.
 */
export function needOf({ definition, task, taskTokens, used }: Known): Need {
  const own = (definition?.tokens ?? 0) + taskTokens
  const estimate = Math.max(LEAST, own + READS * effort(definition, task))
  const sorted = [...used].filter((tokens) => tokens > 0).sort((a, b) => a - b)
  const drawn = (guess: number, record: number) =>
    sorted.length === 0 ? guess : Math.exp(between(Math.log(guess), Math.log(record), sorted.length))
  const want = Math.max(1, Math.round(drawn(estimate, quantile(sorted, 0.75))))
  const min = Math.round(Math.min(want, drawn(estimate / 4, quantile(sorted, 0.1))))
  const max = Math.round(Math.max(want, drawn(3 * estimate, 1.25 * quantile(sorted, 0.95))))
  return { min, want, max, sessions: sorted.length, enough: (tokens) => enough(tokens, estimate, sorted) }
}

/** Whether a grant is enough where somebody said what is wanted. */
export function enough(tokens: number, want: number, used: readonly number[]): number {
  if (tokens <= 0) return 0
  const guess = normal(Math.log(tokens / want) / SPREAD + THIRD_QUARTILE)
  if (used.length === 0) return guess
  const record = (used.filter((one) => one <= tokens).length + 0.5) / (used.length + 1)
  return between(guess, record, used.length)
}

function between(guess: number, record: number, sessions: number): number {
  return (ESTIMATE_SESSIONS * guess + sessions * record) / (ESTIMATE_SESSIONS + sessions)
}

/** How much it will read beside others, 1 for one that looks at files with a short task. */
function effort(definition: Known['definition'], task: string | undefined): number {
  const { tools, model, tokens = 0 } = definition ?? {}
  let factor = 1 + Math.log2(1 + tokens / 1_000) / 4
  if (tools === undefined) factor *= 1.25
  else if (tools.length === 0) factor *= 0.1
  else {
    if (!tools.every((tool) => READERS.test(tool))) factor *= 1.25
    if (tools.some((tool) => WEB.test(tool))) factor *= 1.25
  }
  if (model !== undefined && SMALL_MODEL.test(model)) factor *= 0.7
  else if (model !== undefined && LARGE_MODEL.test(model)) factor *= 1.3
  if (task !== undefined && BROAD.test(task)) factor *= 1.5
  if (task !== undefined && NARROW.test(task)) factor *= 0.6
  return factor
}

/** Between the two nearest, of values in order; of none 0. */
function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1)
  const [low, high] = [sorted[Math.floor(at)] ?? 0, sorted[Math.ceil(at)] ?? 0]
  return low + (high - low) * (at - Math.floor(at))
}

/** Abramowitz and Stegun, 26.2.17: right to 7.5e-8. */
function normal(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z))
  const tail =
    (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return z >= 0 ? 1 - tail : tail
}
