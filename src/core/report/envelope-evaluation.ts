import { type Evaluation, FIRST_PART, STATIC_MARGIN } from '../policy/envelope/evaluate.ts'
import type { Outcome } from '../policy/envelope/replay.ts'
import type { TimeUnit } from '../policy/envelope/trace.ts'
import { memoryText } from './amounts.ts'
import { counted } from './counted.ts'
import { wrapped } from './facts.ts'
import { printable } from './printable.ts'
import { table } from './table.ts'

/** An evaluation, and what was made of the file. */
export interface EnvelopeReport {
  readonly evaluation: Evaluation
  /** Lines that are no sample; not counting a header and empty lines. */
  readonly skippedLines: number
  /** What times were taken for. */
  readonly unit: TimeUnit | 'date'
}

/** Servers that the table names. */
const WORST = 5

/** The shape of `envelope evaluate --json`; shares of 1, memory in MB. Stable: docs/envelopes.md. */
export function evaluationJson({ evaluation, skippedLines, unit }: EnvelopeReport): object {
  const { envelope, lent, ceilingMb, whole, peakReduction, baselines, servers } = evaluation
  const samples = servers.reduce((sum, server) => sum + server.samples, 0)
  return {
    ...envelope,
    lent,
    ceilingMb,
    peakReduction,
    baselines,
    n: { servers: servers.length, samples },
    whole,
    judgedFrom: FIRST_PART,
    staticMargin: STATIC_MARGIN,
    timeUnit: unit,
    skippedLines,
    servers,
  }
}

/** The evaluation as a person reads it. */
export function evaluationText({ evaluation, skippedLines, unit }: EnvelopeReport, width: number): string {
  const { envelope, lent, ceilingMb, whole, peakReduction, baselines, servers } = evaluation
  const samples = servers.reduce((sum, server) => sum + server.samples, 0)
  const times = { s: 'seconds', ms: 'milliseconds', date: 'dates' }[unit]
  const about =
    `${counted(samples, 'sample')} of ${counted(servers.length, 'server')}, times read as ${times}; the first ${percent(FIRST_PART, 0)} of each server's time is ` +
    `for learning, the rest is judged. Slack is the share of what was set aside that was not used; the peak is the most that was set aside at once, lent memory ` +
    `included. An out-of-memory is a sample above the hard limit for which there was none to lend, within ${memoryText(ceilingMb * 1024)} for all; ${counted(lent, 'sample')} got some. ` +
    `Nothing but envelopes lends.${skippedLines > 0 ? ` ${counted(skippedLines, 'line')} left out: not server,time,MB.` : ''}`
  const row = (name: string, outcome: Outcome) => [
    name,
    percent(outcome.slack),
    percent(outcome.slackByMemory),
    String(outcome.outOfMemory),
    memoryText(outcome.peakMb * 1024),
  ]
  const summary = table(
    [
      { title: 'LIMITS', shrinks: true },
      { title: 'SLACK', align: 'right' },
      { title: 'BY MEMORY', align: 'right' },
      { title: 'OUT OF MEMORY', align: 'right' },
      { title: 'PEAK', align: 'right' },
    ],
    [
      row('envelopes', envelope),
      row(`static, ${percent(STATIC_MARGIN, 0)} above the first part`, baselines.static),
      row('static, no margin', baselines.staticBare),
      row(
        `static, as safe: ${percent(baselines.staticSafe.margin)} (known afterwards)`,
        baselines.staticSafe,
      ),
      row('P90 of peaks and 15 %', baselines.quantile),
      row('envelopes that lend nothing', baselines.strict),
      row('envelopes, learning included', whole),
    ],
    width,
  )
  const sign = peakReduction < 0 ? 'above' : 'below'
  const verdict = `The peak of envelopes is ${percent(Math.abs(peakReduction))} ${sign} that of static limits.`
  const worst = table(
    [
      { title: 'SERVER', shrinks: true },
      { title: 'SAMPLES', align: 'right' },
      { title: 'SLACK', align: 'right' },
      { title: 'OUT OF MEMORY', align: 'right' },
    ],
    servers
      .slice(0, WORST)
      .map((one) => [
        printable(one.server),
        String(one.samples),
        percent(one.slack),
        String(one.outOfMemory),
      ]),
    width,
  )
  const heading = servers.length > WORST ? `The ${WORST} that did worst:` : 'By server:'
  return `${wrapped(about, width).join('\n')}\n\n${summary}\n${verdict}\n\n${heading}\n${worst}`
}

function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`
}
