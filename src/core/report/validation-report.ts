import type { Validation } from '../effects/validation.ts'
import { counted } from './counted.ts'
import { type Fact, factsText } from './facts.ts'
import { printable } from './printable.ts'
import type { Screen } from './status-report.ts'
import { table } from './table.ts'

/** More losses than a person reads; `--json` has all. */
const SHOWN = 20

/** What the judge says of a session's shortened results. */
export function validationText(session: string, validation: Validation, { width, paint }: Screen): string {
  const { results, judged, unavailable, failed, similarity, coverage, facts, quality, losses } = validation
  if (results === 0) return `session ${printable(session)}: nothing was shortened, so nothing can be lost\n`
  const share = (value: number | null) => (value === null ? 'unknown' : `${(value * 100).toFixed(1)} %`)
  const rows: Fact[] = [
    ['session', printable(session)],
    [
      'verdict',
      validation.pass
        ? paint.good('passes')
        : paint.bad(judged === 0 ? 'cannot be judged' : `${failed} of ${judged} below the gate`),
    ],
    [
      'judged',
      `${judged} of ${counted(results, 'result')}${unavailable > 0 ? `; ${counted(unavailable, 'original')} not kept any more` : ''}${judgedBy(validation.tiers)}`,
    ],
    [
      'similarity',
      similarity === null ? 'unknown' : `${similarity.mean.toFixed(3)}, least ${similarity.min.toFixed(3)}`,
    ],
    [
      'coverage',
      coverage === null
        ? 'unknown'
        : `${coverage.mean.toFixed(3)}, 5th percentile ${coverage.p5.toFixed(3)}, least ${coverage.min.toFixed(3)}`,
    ],
    [
      'facts',
      `${facts.kept} kept, ${facts.lost} lost: information loss ${share(validation.informationLoss)}`,
    ],
    ['quality', share(quality)],
    ['without loss', `${share(validation.losslessShare)} of the tokens kept away`],
  ]
  return `${factsText(rows, width, paint)}${lossesText(losses, width)}`
}

/** What is exact is read back, which takes no model. */
function judgedBy(tiers: readonly string[]): string {
  const models = tiers.filter((tier) => tier !== 'none')
  const by = [
    ...(tiers.includes('none') ? ['reading it back'] : []),
    ...models.map((tier) => `model ${tier}`),
  ]
  return by.length === 0 ? '' : `; by ${by.join(' and ')}`
}

function lossesText(losses: Validation['losses'], width: number): string {
  if (losses.length === 0) return ''
  const rows = losses
    .slice(0, SHOWN)
    .map(({ handle, server, tool, kind, text, line }) => [
      `${server}/${tool}`,
      kind,
      printable(text),
      `${handle} --lines ${line}-${line}`,
    ])
  const more = losses.length > SHOWN ? `${losses.length - SHOWN} more: --json has all\n` : ''
  return `\n${table(
    [
      { title: 'RESULT' },
      { title: 'LOST' },
      { title: 'WHAT', shrinks: true },
      { title: 'mycelium optimization expand' },
    ],
    rows,
    width,
  )}${more}`
}
