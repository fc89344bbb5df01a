import { meaningKey, meaningText } from '../lazy/meaning-text.ts'
import type { KnownTool } from '../lazy/tool.ts'

/** Asks the daemon a command; rejects where that failed. */
export type AskDaemon = <T>(
  cmd: string,
  args: Readonly<Record<string, unknown>>,
  boundMs: number,
) => Promise<T>

/** How near tools are to a query in meaning. */
export interface Nearness {
  /** Has the model loaded, so that it is there when the tools are known: an answer is not waited for. */
  wake(query: string): void
  /** By place in the list, −1 to 1; undefined where nobody can say in time. Never rejects. */
  of(query: string, tools: readonly KnownTool[]): Promise<readonly number[] | undefined>
  /** Learning ends with the order that is under way: nobody is left to search. */
  close(): void
}

interface Answer {
  readonly tier: string
  readonly cosines: readonly (number | null)[]
}

/** Over the daemon's own bounds, NEAR_MS and LEARN_MS in daemon/shortener.ts: one that hangs keeps nobody from an answer by words. */
const LIMIT_MS = { near: 2_000, learn: 20_000 } as const
/** Pairs with MAX in daemon/meaning-commands.ts. */
const MAX = { query: 2_000, texts: 8 } as const
/** A table of words knows less than a model, and its cosines are higher. */
const TRUST: Readonly<Record<string, number>> = { static: 0.4 }

/** Asks the daemon's process that holds the model, and has it learn in the background what tools it does not know. */
export function nearnessBy(ask: AskDaemon): Nearness {
  let isLearning = false
  let isClosed = false
  const near = (query: string, keys: readonly string[]): Promise<Answer | null> =>
    ask<Answer | null>('near', { query: query.slice(0, MAX.query), keys }, LIMIT_MS.near).catch(() => null)
  return {
    wake: (query) => void near(query, []),
    of: async (query, tools) => {
      const texts = tools.map(meaningText)
      const answer = await near(query, texts.map(meaningKey))
      if (answer === null || answer.tier === 'none') return undefined
      const { cosines, tier } = answer
      const unknown = texts.filter((_, i) => typeof cosines[i] !== 'number')
      if (unknown.length > 0 && !isLearning) {
        isLearning = true
        void learnAll(ask, unknown, () => isClosed).finally(() => {
          isLearning = false
        })
      }
      // Of a server that is new a few tools may not be known yet: words decide about them, the rest has no advantage.
      if (unknown.length * 2 > tools.length) return undefined
      const known = cosines.filter((one) => typeof one === 'number')
      const mean = known.reduce((sum, one) => sum + one, 0) / Math.max(1, known.length)
      return texts.map((_, i) => (cosines[i] ?? mean) * (TRUST[tier] ?? 1))
    },
    close: () => {
      isClosed = true
    },
  }
}

/** Some at a time, so that results which are shortened in between do not wait; where one order fails the next search begins again. */
async function learnAll(ask: AskDaemon, texts: readonly string[], isOver: () => boolean): Promise<void> {
  const all = [...new Set(texts)]
  try {
    for (let from = 0; from < all.length; from += MAX.texts) {
      const some = all.slice(from, from + MAX.texts).map((text) => ({ key: meaningKey(text), text }))
      const done = await ask<unknown>(
        'learn',
        { texts: some, last: from + MAX.texts >= all.length },
        LIMIT_MS.learn,
      )
      if (done === null || isOver()) return
    }
  } catch {
    // The daemon is gone or busy.
  }
}
