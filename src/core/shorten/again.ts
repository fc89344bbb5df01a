import { answerTo } from '../diff/plan-answer.ts'
import { toolSource } from '../diff/source.ts'
import { textHash } from '../diff/text.ts'
import type { CountTokens } from '../tokens/count.ts'
import type { SessionMemory } from './memory.ts'
import type { Order } from './order.ts'

/** A text that may be said shorter because the session had it, or much of it, before. */
export interface Again {
  readonly text: string
  readonly strategy: 'unchanged' | 'delta'
}

/**
 * What to send in the place of a text that is about to be sent, where the session holds the same or an earlier one of the same call; undefined where it
 * is sent as it is. Either way the memory knows afterwards. `handle` leads to the whole text.
 */
export function saidAgain(
  memory: SessionMemory,
  order: Order,
  place: number,
  text: string,
  handle: () => string,
  count: CountTokens,
): Again | undefined {
  const asked = argumentsIn(order.arguments)
  if (asked === undefined) return undefined
  const source = `${toolSource(order.server, order.tool, asked)}${place}`
  const ask = { context: '', source, version: textHash(text), turn: ++memory.turn, exact: false }
  let named: string | undefined
  const expand = () => {
    named ??= handle()
    return `mycelium optimization expand ${named}`
  }
  const answer = answerTo(memory.seen, ask, text, {
    textOf: (version) => memory.textOf(version),
    count,
    // A sub-agent, or a context that was compacted, may not have it: whoever asks again is given all of it.
    words: {
      same: () =>
        `[the same as the last result of this call; if that is not above, call it again or ${expand()}]`,
      patch: () =>
        `[changes to the last result of this call; if that is not above, call it again or ${expand()}]\n`,
    },
  })
  memory.happened({ kind: 'given', ...ask, as: answer.as }, ask.version, text)
  if (answer.text === undefined) return undefined
  return { text: answer.text, strategy: answer.as === 'same' ? 'unchanged' : 'delta' }
}

/** Of a call whose arguments were not looked at nothing can be said. */
function argumentsIn(json: string): unknown {
  if (json === '') return undefined
  try {
    return JSON.parse(json) as unknown
  } catch {
    return undefined
  }
}
