import type { Share } from './agent-plan.ts'
import type { Step } from './step.ts'

/** Tokens that an agent has spent, in all and by MCP server. */
export interface Spent {
  readonly tokens: number
  readonly byServer: Readonly<Record<string, number>>
}

/** What an agent may still have, and what is done about its next result. */
export interface Allowance {
  /** Of its grant, and of what it may have of this server; never below 0. */
  readonly left: number
  /** Steps reached, in the order announced; empty while there is enough. */
  readonly steps: readonly Step[]
  /** The server whose bound is nearer than the grant; undefined where the grant is. */
  readonly server: string | undefined
  /** The most that a file may have before it is shown as an outline; undefined before that step. */
  readonly fileTokens: number | undefined
  /** The most that a result may have before it is cut; undefined before that step. */
  readonly resultTokens: number | undefined
}

/** Share of a grant at which the first step is taken; the last one is at the whole, others evenly between. */
const FIRST_STEP = 0.75
/** Room for an outline, and for a result to be of any use, however little is left. */
const LEAST_FILE = 600
const LEAST_RESULT = 400

/**
 * What an agent may still have of a server's results (of its own tools with undefined), after what it spent, when a result of `next` tokens comes. Pure: for a hook,
 * and for whatever else passes results on.
 */
export function allowance(share: Share, server: string | undefined, spent: Spent, next = 0): Allowance {
  const bounds = [{ of: share.tokens, spent: spent.tokens, server: undefined as string | undefined }]
  const limit = server === undefined ? undefined : share.servers[server]
  if (limit !== undefined) bounds.push({ of: limit, spent: spent.byServer[server!] ?? 0, server })
  const nearest = bounds.reduce((a, b) => (b.of - b.spent < a.of - a.spent ? b : a))
  const left = Math.max(0, nearest.of - nearest.spent)
  const steps = stepsAt(share.degrade, nearest.of, nearest.spent + next)
  return {
    left,
    steps,
    server: nearest.server,
    fileTokens: steps.includes('outline') ? Math.max(LEAST_FILE, Math.floor(left / 4)) : undefined,
    resultTokens: steps.includes('cut') ? Math.max(LEAST_RESULT, Math.floor(left / 2)) : undefined,
  }
}

/** With n steps the k-th is taken at 0.75 + 0.25 (k − 1) ÷ (n − 1) of the grant; a single one at the whole. */
function stepsAt(degrade: readonly Step[], of: number, spent: number): readonly Step[] {
  const last = degrade.length - 1
  return degrade.filter((_, k) => {
    const share = last === 0 ? 1 : FIRST_STEP + ((1 - FIRST_STEP) * k) / last
    return spent >= share * of
  })
}
