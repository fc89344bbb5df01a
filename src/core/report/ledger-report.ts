import type { Estimate } from '../effects/estimate.ts'
import type { Ledger } from '../effects/ledger.ts'
import { counted } from './counted.ts'
import { type Fact, factsText } from './facts.ts'
import { type Screen, spreadText } from './status-report.ts'

/** What shortening came to: each part with its sign, and what is not known said. */
export function ledgerText(ledger: Ledger, { width, paint }: Screen): string {
  const { tokens, usd, results, sessions, controls, expansions, holdout } = ledger
  if (sessions + controls === 0) return 'no result was looked at for shortening\n'
  const facts: Fact[] = [
    [
      'results',
      `${results.shortened} shortened in ${counted(sessions, 'session')}, ${results.refused} refused by the gate, ${results.failed} failed`,
    ],
    ['originals', `${amount(tokens.before)} tokens`],
    ['cut by clients', `${amount(tokens.cutByClient)} tokens that would not have been shown: no saving`],
    ['kept away', `${signed(tokens.kept)} tokens, ${signed(tokens.lossless)} of them without any loss`],
    ['asked for again', `${signed(-tokens.expanded)} tokens in ${counted(expansions, 'expansion')}`],
    ['own definitions', `${signed(-tokens.own)} tokens`],
    ['net', `${estimateText(tokens.saved, (value) => `${signed(value)} tokens`)}`],
    ['in dollars', estimateText(usd.saved, dollars)],
  ]
  if (usd.priced > 0)
    facts.push([
      '',
      `kept away ${dollars(usd.kept!)}, asked for again ${dollars(-usd.expansions!)} (extra turns whole), own definitions ${dollars(-usd.own!)}; ${usd.priced} of ${counted(sessions, 'session')} have a transcript`,
    ])
  facts.push([
    'controls',
    controls === 0
      ? 'none: mycelium config set token_optimization.holdout=0.1 leaves a tenth of the sessions as they are'
      : `${counted(controls, 'session')}; a turn of the others costs ${estimateText(holdout.difference, dollars)} more`,
  ])
  if (ledger.factsLost > 0) facts.push(['facts lost', `${ledger.factsLost}`])
  return factsText(facts, width, paint)
}

function estimateText(estimate: Estimate, text: (value: number) => string): string {
  if (estimate.value === null) return estimate.note
  return `${text(estimate.value)} (${spreadText(estimate, text)}; n ${estimate.n})`
}

function amount(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

function signed(value: number): string {
  const rounded = Math.round(value)
  return rounded > 0 ? `+${amount(rounded)}` : amount(rounded === 0 ? 0 : rounded)
}

/** Sums of a cent and less count here. */
function dollars(value: number): string {
  const sign = value > 0 ? '+' : value < 0 ? '-' : ''
  const size = Math.abs(value)
  return `${sign}$${size >= 1 ? size.toFixed(2) : size.toFixed(4)}`
}
