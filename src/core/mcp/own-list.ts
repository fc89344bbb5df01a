import type { OwnTool } from './own-tool.ts'

/** What our own server lists where tools are found on demand: enough to find and call the rest. Pairs with OWN_TOKENS in lazy/list-budget.ts. */
const ALWAYS: readonly string[] = ['find_tool', 'call_tool']

/** Which tools of our own an agent has in its list. */
export interface OwnListing {
  /** Whether this agent is listed only what it is likely to use. */
  readonly isLazy: boolean
  /** Whether results are shortened: what an agent has in its context then names `expand`. */
  readonly shortens: boolean
}

/** Our own tools that are listed; the others are found by find_tool, and called by name or by call_tool. */
export function ownListed(tools: readonly OwnTool[], { isLazy, shortens }: OwnListing): readonly OwnTool[] {
  if (!isLazy) return tools
  return tools.filter(({ name }) => ALWAYS.includes(name) || (shortens && name === 'expand'))
}
