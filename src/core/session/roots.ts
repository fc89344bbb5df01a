import { fingerprint } from '../hash.ts'
import type { Frame } from '../protocol/frame.ts'

/** The roots of one session: the text a server gets, and what must be equal for two sessions to share a process. */
export interface Roots {
  readonly key: string
  readonly text: string
}

/** A session that has none, or has not said. */
export const NO_ROOTS: Roots = { key: '', text: '{"roots":[]}' }

/** The roots in an agent's answer to `roots/list`; none when it failed or never came. Their order does not matter. */
export function rootsOf(answer: Frame | undefined): Roots {
  if (answer === undefined || answer.isError) return NO_ROOTS
  const text = answer.line.toString('utf8', answer.bodyStart, answer.bodyEnd)
  try {
    const { roots } = JSON.parse(text) as { roots?: unknown }
    if (!Array.isArray(roots) || roots.length === 0) return NO_ROOTS
    return { key: fingerprint(roots.map((root) => JSON.stringify(root)).sort()), text }
  } catch {
    return NO_ROOTS
  }
}
