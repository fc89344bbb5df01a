import type { Conflict } from '../agents/conflict.ts'
import type { BrokenDefinition } from '../agents/definition.ts'
import type { Proposals } from '../agents/proposals.ts'
import type { Grant, Solution } from '../agents/solve.ts'
import type { Planned } from '../agents/workflow-claims.ts'
import type { BudgetRecord } from '../usage/agent-history.ts'
import { printable } from './printable.ts'
import { table } from './table.ts'

/** Grants and what they were made of, in the order of the workflow. */
export interface AgentBudgets {
  readonly solution: Solution
  readonly planned: readonly Planned[]
}

/** The grants as a table, with what kept each from being larger. */
export function grantsText({ solution, planned }: AgentBudgets, width: number): string {
  const { granted, total, certificate } = solution
  const rows = solution.grants.map((grant, i) => {
    const { claim, tokens } = grant
    const { enough, definition } = planned[i]!
    return [
      printable(claim.name),
      definition?.client ?? '-',
      String(claim.stage),
      String(claim.min),
      String(claim.want),
      String(claim.max),
      String(tokens),
      tokens === 0 ? '-' : `${Math.round(100 * enough(tokens))} %`,
      printable(becauseOf(grant, planned[i]!)),
    ]
  })
  const left = total - granted
  return [
    `${rows.length} agent${rows.length === 1 ? '' : 's'}, ${granted} of ${total} tokens granted${left > 0 ? `, ${left} left` : ''}.\n\n`,
    table(
      [
        { title: 'AGENT', shrinks: true },
        { title: 'CLIENT', shrinks: true },
        { title: 'STAGE', align: 'right' },
        { title: 'MIN', align: 'right' },
        { title: 'WANT', align: 'right' },
        { title: 'MAX', align: 'right' },
        { title: 'TOKENS', align: 'right' },
        { title: 'ENOUGH', align: 'right' },
        { title: 'WHY', shrinks: true },
      ],
      rows,
      width,
    ),
    `\nENOUGH: how often so many tokens would be enough. ${certificateText(certificate)}\n`,
  ].join('')
}

function certificateText({ optimal, moves }: Solution['certificate']): string {
  if (moves === 0) return 'Nothing could be granted otherwise.'
  return optimal
    ? `No other grants are worth more: none of ${moves} moves of one token gains anything.`
    : 'These grants are not the best: please report it.'
}

/** What keeps a grant from being larger, and what its sizes come from. */
export function becauseOf({ binding, by, claim, tokens }: Grant, { basis, sessions }: Planned): string {
  const sizes =
    basis === 'stated'
      ? 'as the workflow says'
      : basis === 'record'
        ? `by ${sessions} session${sessions === 1 ? '' : 's'} on record`
        : 'estimated'
  const at = tokens === claim.min ? 'its min: ' : tokens === claim.want ? 'what it wants: ' : ''
  if (binding === 'max') return `its max (${sizes})`
  if (binding === 'group') return `${at}all that ${by[0]} may have in stage ${claim.stage} (${sizes})`
  if (binding === 'total') return `${at}its share of the total (${sizes})`
  return binding === 'deferred' ? 'put off' : `put off: it needs ${by.join(', ')}`
}

/** The grants as `--json` has them. */
export function grantsJson({ solution, planned }: AgentBudgets): object {
  const { total, granted, certificate, bounds, grants } = solution
  return {
    feasible: true,
    total,
    granted,
    left: total - granted,
    certificate,
    bounds: bounds.map(({ name, stage, limit, used }) => ({ name, stage: stage ?? null, limit, used })),
    agents: grants.map((grant, i) => {
      const { definition, basis, sessions, degrade, servers, enough } = planned[i]!
      const { name, stage, weight, needs, min, want, max } = grant.claim
      const { tokens, binding, by } = grant
      return {
        ...{ name, client: definition?.client ?? null, file: definition?.file ?? null },
        ...{ stage, weight, needs, min, want, max, tokens },
        enough: tokens === 0 ? null : enough(tokens),
        ...{ basis, sessions, binding, by, because: becauseOf(grant, planned[i]!), degrade, servers },
      }
    }),
  }
}

/** What contradicts what, and the ways out. */
export function conflictsText(conflicts: readonly Conflict[], { defer, simplify, abort }: Proposals): string {
  const where = (bound: string, stage: number | undefined) =>
    bound === 'total' ? 'the total' : `${bound} in stage ${stage}`
  const lines = conflicts.map(({ bound, stage, limit, needed, claims }) => {
    const names = printable(claims.map(({ name, min }) => `${name} (min ${min})`).join(', '))
    const cannot = claims.length === 1 ? 'cannot have its min' : 'cannot all have their min'
    return `${printable(where(bound, stage))} has ${limit} tokens, and ${needed} are needed: ${names} ${cannot}.`
  })
  lines.push('')
  if (defer === undefined) lines.push('defer     no agents can be put off so that the others fit')
  else {
    const off = defer.solution.grants.filter(({ tokens, binding }) => tokens === 0 && isOff(binding))
    const waiting = off.filter(({ claim }) => !defer.agents.includes(claim.name))
    lines.push(
      `defer     put off ${printable(defer.agents.join(', '))}${waiting.length > 0 ? `, and with it ${printable(waiting.map(({ claim }) => claim.name).join(', '))}, which need it` : ''}: the others get ${defer.solution.granted} tokens`,
    )
  }
  lines.push(
    `simplify  let them do with less: ${printable(simplify.map(({ name, min, to }) => `${name} ${min} -> ${to}`).join(', '))}`,
  )
  lines.push(
    `abort     unless there are more: ${abort.map(({ bound, limit, needed }) => `${printable(bound)} ${needed} (${needed - limit} more)`).join(', ')}`,
  )
  return `${lines.join('\n')}\n`
}

function isOff(binding: Grant['binding']): boolean {
  return binding === 'deferred' || binding === 'dependency'
}

/** The same as `--json` has it. */
export function conflictsJson(
  total: number,
  conflicts: readonly Conflict[],
  { defer, simplify, abort }: Proposals,
): object {
  return {
    feasible: false,
    total,
    conflicts: conflicts.map((one) => ({ ...one, stage: one.stage ?? null })),
    proposals: {
      defer:
        defer === undefined
          ? null
          : {
              agents: defer.agents,
              granted: defer.solution.granted,
              grants: defer.solution.grants.map(({ claim, tokens }) => ({ name: claim.name, tokens })),
            },
      simplify,
      abort,
    },
  }
}

/** Definitions that no agent could be made of. */
export function brokenText(broken: readonly BrokenDefinition[]): string {
  return broken.map(({ file, because }) => `left out: ${printable(file)}: ${printable(because)}\n`).join('')
}

/** Actual against granted. */
export function recordsText(records: readonly BudgetRecord[], width: number): string {
  const percent = (share: number) => `${share > 0 ? '+' : ''}${Math.round(100 * share)} %`
  const rows = records.map((one) => [
    printable(one.agent),
    String(one.sessions),
    String(Math.round(one.granted)),
    String(Math.round(one.actual)),
    percent(one.variance),
    percent(one.varianceP90),
    String(one.over),
    String(one.steps),
  ])
  const columns = ['SESSIONS', 'GRANTED', 'ACTUAL', 'VARIANCE', 'P90', 'OVER', 'STEPS']
  const counted = records.reduce((sum, { sessions, fromTranscript }) => sum + sessions - fromTranscript, 0)
  return `${table([{ title: 'AGENT', shrinks: true }, ...columns.map((title) => ({ title, align: 'right' as const }))], rows, width)}
Tokens of a session, medians; VARIANCE: actual less granted. STEPS: answers that the budget changed or came with advice.\
${counted > 0 ? ` ${counted} session${counted === 1 ? '' : 's'} as the hook counted: their transcripts were not read (mycelium usage import).` : ''}\n`
}
