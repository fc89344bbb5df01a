import type { Weight } from './sizes.ts'

/** What may be left of all definitions: our own and those that are listed. */
const PROMISED = 0.15
/** What is aimed at: by a tokenizer definitions that are kept weigh up to an eighth more of all than by bytes / 4 (docs/lazy-tools.md). */
const SHARE = 0.13
/** Bytes / 4 of our own definitions where the rest is found: find_tool, call_tool and expand. test/process/mcp.test.ts holds it against them. */
export const OWN_TOKENS = 360
/** Where all definitions together weigh less, our own alone would be more than that share, and a search costs more than it saves: all are listed. */
export const FEW_TOKENS = OWN_TOKENS / PROMISED

/** Whether an agent's definitions are so few that listing them all is the cheaper way. */
export function areFew({ tokens, isWhole }: Weight): boolean {
  return isWhole && tokens < FEW_TOKENS
}

/** Tokens that the listed definitions of others may come to, at most `most`; of servers that were not seen yet nothing is counted. */
export function listBudget({ tokens }: Weight, most: number): number {
  return Math.max(0, Math.min(most, Math.floor(SHARE * tokens) - OWN_TOKENS))
}
