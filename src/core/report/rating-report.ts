import type { Agreement } from '../rating/agreement.ts'
import type { Pair } from '../rating/pairs.ts'
import { type Fact, factsText } from './facts.ts'
import { printable } from './printable.ts'
import type { Screen } from './status-report.ts'

/** One pair, for somebody to read: nothing in it says where it comes from. */
export function pairText({ original, candidate }: Pair, place: string): string {
  return `\n===== ${place}: the original =====\n${shown(original)}\n===== ${place}: what may stand for it =====\n${shown(candidate)}\n=====\n`
}

/** How far people and the gate agree. */
export function agreementText(
  { n, share, kappa, both, onlyPerson, onlyGate, planted }: Agreement,
  { width, paint }: Screen,
): string {
  const facts: Fact[] = [
    ['pairs', `${n} judged by people`],
    ['agreement', share === null ? 'unknown' : `${(share * 100).toFixed(1)} % with the gate`],
    [
      "Cohen's kappa",
      kappa === null
        ? 'unknown: one of the two said the same of all'
        : `${kappa.toFixed(2)}${n < 30 ? ', of too few pairs to build on' : ''}`,
    ],
    ['both', `${both.pass} pass, ${both.fail} do not`],
    ['one alone', `${onlyPerson} pass for people only, ${onlyGate} for the gate only`],
    ['planted', `${planted.n}: people saw ${planted.seenByPerson}, the gate ${planted.seenByGate}`],
  ]
  return factsText(facts, width, paint)
}

function shown(text: string): string {
  return text.trimEnd().split('\n').map(printable).join('\n')
}
