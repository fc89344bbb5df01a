import { meanEstimate, unknown } from './estimate.ts'
import type { Measure } from './measure.ts'

/** What is done about what agents read. */
export const TOKEN_MEASURES: readonly Measure[] = [
  {
    id: 'shortened results',
    what: 'long results of tools come in fewer tokens, their originals by a handle',
    on: ({ isOn }) => isOn('token_optimization.enabled'),
    setting: 'token_optimization.enabled',
    change: 'mycelium config set token_optimization.enabled=BOOLEAN',
    gain: 'tokens less for a session, no more than its client would have shown, what was asked for after all taken off',
    deeds: ({ compressions, expansions, shortenedTokens }, count) => {
      const done = (outcome: string) => count(compressions.filter((one) => one.outcome === outcome))
      return {
        shortened: done('taken'),
        'left whole': done('whole'),
        'left whole as controls': done('held'),
        failed: done('failed'),
        expansions: count([expansions]),
        'tokens kept, net': count([shortenedTokens.sum]),
      }
    },
    measured: ({ shortenedTokens }) => meanEstimate(shortenedTokens.bySession),
  },
  {
    id: 'file budgets',
    what: 'the first read of a file over its budget is an outline',
    on: ({ isOn }) => isOn('budget.enabled'),
    setting: 'budget.enabled',
    change: 'mycelium budget files --write, then mycelium config set budget.enabled=BOOLEAN',
    gain: 'tokens less for a session that was shown a file in part, what it asked for after all taken off',
    deeds: ({ decisions, budgetTokens }, count) => {
      const done = (action: string) =>
        count(decisions.filter((one) => one.policy === 'budget' && one.action === action))
      return {
        outlines: done('outline'),
        'files asked for again': done('again'),
        'ranges asked for': done('part'),
        'unchanged answers': done('point'),
        'tokens kept, net': count([budgetTokens.sum]),
      }
    },
    measured: ({ budgetTokens }) => meanEstimate(budgetTokens.bySession),
  },
  {
    id: 'differences',
    what: 'a read of a file that changed since the agent read it is answered by the difference',
    on: ({ isOn }) => isOn('diff.enabled'),
    setting: 'diff.enabled',
    change: 'mycelium init --hooks, then mycelium config set diff.enabled=BOOLEAN',
    gain: 'tokens less for a session that was sent a difference, what it asked for after all taken off',
    deeds: ({ decisions, diffTokens }, count) => {
      const done = (action: string) =>
        count(decisions.filter((one) => one.policy === 'diffs' && one.action === action))
      return {
        patches: done('patch'),
        'unchanged answers': done('same'),
        'files asked for again': done('full'),
        'tokens kept, net': count([diffTokens.sum]),
      }
    },
    measured: ({ diffTokens }) => meanEstimate(diffTokens.bySession),
  },
  {
    id: 'agent budgets',
    what: 'agents of a workflow are held to their share of tokens',
    on: ({ isOn }) => isOn('agent_budgets.enabled'),
    setting: 'agent_budgets.enabled',
    change: 'mycelium budget agents --write, then mycelium config set agent_budgets.enabled=BOOLEAN',
    gain: 'tokens less for a session',
    deeds: ({ allowances }, count) => {
      const done = (action: string) => count(allowances.filter((one) => one.action === action))
      return {
        'agents with a budget': done('granted'),
        'ran low': done('outline'),
        'results cut': done('cut'),
        'told to end': done('stop'),
      }
    },
    // What an agent would have read after a result that was cut, nobody knows.
    measured: () => unknown('not measurable here: mycelium budget agents --actual has what agents took'),
  },
  {
    id: 'lazy tools',
    what: 'tools that were not used before are found instead of listed',
    on: ({ isOn }) => isOn('lazy_loading.enabled'),
    setting: 'lazy_loading.enabled',
    change: 'mycelium init --mcp, then mycelium config set lazy_loading.enabled=BOOLEAN',
    gain: 'tokens of definitions less in a request of an agent, our own and what searches brought taken off',
    deeds: ({ decisions, lazyToolTokens }, count) => {
      const done = (action: string) =>
        count(decisions.filter((one) => one.policy === 'lazy_tools' && one.action === action))
      return {
        'lists shortened': done('list'),
        searches: done('find'),
        'found tools called': done('hit'),
        'other calls by call_tool': done('call'),
        'tokens kept, net': count([lazyToolTokens.sum]),
      }
    },
    measured: ({ lazyToolTokens }) => meanEstimate(lazyToolTokens.bySession),
  },
  {
    id: 'agents ahead',
    what: 'the definition that is likely to be loaded next is held ready by `mycelium mcp`',
    on: ({ isOn }) => isOn('agent_preload.enabled'),
    setting: 'agent_preload.enabled',
    change: 'mycelium init --mcp, then mycelium config set agent_preload.enabled=BOOLEAN',
    gain: 'share of what was held ready that was loaded',
    deeds: ({ decisions }, count) => {
      const done = (action: string) => count(preloadsThat(decisions, action))
      return { 'held ready': done('ahead'), hits: done('hit'), 'for nothing': done('waste') }
    },
    measured: ({ decisions }) => {
      const day = (action: string, value: number) =>
        preloadsThat(decisions, action).flatMap((one) => Array.from({ length: one.day }, () => value))
      return meanEstimate([...day('hit', 1), ...day('waste', 0)])
    },
  },
  {
    id: 'ignored files',
    what: 'the hook holds what a plan hides',
    on: ({ isOn }) => isOn('ignore.enabled'),
    setting: 'ignore.enabled',
    change: 'mycelium ignore write, and mycelium ignore undo; or mycelium config set ignore.enabled=BOOLEAN',
    gain: 'tokens less for a session that did not read hidden files',
    deeds: ({ decisions }, count) => {
      const done = (action: string) =>
        count(decisions.filter((one) => one.policy === 'ignore' && one.action === action))
      return { 'tool uses refused': done('refuse'), 'searches narrowed': done('narrow') }
    },
    // What an agent would have read of them, and then have done without, nobody knows.
    measured: () => unknown('not measurable: what was not read has no size'),
  },
]

function preloadsThat<T extends { readonly policy: string; readonly action: string }>(
  decisions: readonly T[],
  action: string,
): readonly T[] {
  return decisions.filter((one) => one.policy === 'agent_preload' && one.action === action)
}
