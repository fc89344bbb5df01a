import { type AdviceRecord, standingOf } from '../policy/advice/record.ts'
import { timeText } from './amounts.ts'
import { counted } from './counted.ts'
import { wrapped } from './facts.ts'

/** What became of guesses, as `prewarm status --json` gives it: a stable shape, docs/prewarm.md. */
export function guessesJson(record: AdviceRecord): object {
  const { n, precision, breakEven, paused } = standingOf(record)
  const { acts, refused, hits, wasted, savedMs, wastedMbS, costMs } = record.sums
  return {
    started: acts,
    refused,
    hits,
    missed: wasted,
    savedMs,
    costMs,
    netMs: savedMs - costMs,
    wastedMbS,
    latest: n === 0 ? { n, precision: null, breakEven: null } : { n, precision, breakEven },
    paused: paused === '' ? null : paused,
  }
}

/** The same for people. */
export function guessesText(record: AdviceRecord, isOn: boolean, width: number): string {
  const { n, precision, breakEven, paused } = standingOf(record)
  const { acts, refused, hits, wasted, savedMs, wastedMbS, costMs } = record.sums
  const off = isOn ? '' : ' The daemon does not act by it: mycelium config set prewarm.enabled=true.'
  if (acts + refused === 0) return `${wrapped(`Nothing was started by it yet.${off}`, width).join('\n')}\n`
  const netMs = savedMs - costMs
  const parts = [
    `The daemon started ${counted(acts, 'server')} ahead and refused ${refused}: ${hits} came true, ${wasted} did not.`,
    `Spared ${timeText(savedMs)} of waiting, ${Math.round(wastedMbS)} MB x s were held for nothing; net ${netMs > 0 ? '+' : ''}${timeText(netMs)}.`,
    ...(n === 0
      ? []
      : [`Of the latest ${n}, ${percent(precision)} came true; it pays from ${percent(breakEven)} on.`]),
    ...(paused === '' ? [] : [`Paused: ${paused}. It goes on when more of them would have come true.`]),
  ]
  return `${wrapped(`${parts.join(' ')}${off}`, width).join('\n')}\n`
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`
}
