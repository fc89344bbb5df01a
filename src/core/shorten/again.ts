import { referring } from '../compress/refer.ts'
import { type Answer, answerTo, TERMS } from '../diff/plan-answer.ts'
import { toolSource } from '../diff/source.ts'
import { textHash } from '../diff/text.ts'
import type { CountTokens } from '../tokens/count.ts'
import type { SessionMemory } from './memory.ts'
import type { Order } from './order.ts'

/** Characters of earlier texts that one text is held against: reading them takes some 10 ms. */
const MAX_EARLIER = 500_000

/** A text that may be said shorter because the session had it, or much of it, before. */
export interface Again {
  readonly text: string
  readonly strategy: 'unchanged' | 'delta' | 'earlier'
}

/** What it works with: `handle` leads to the whole text, `keep` to any other. */
export interface AgainMeans {
  readonly handle: () => string
  readonly keep: (text: string) => string
  readonly count: CountTokens
}

/**
 * What to send in the place of a text that is about to be sent, where the session holds the same or an earlier one of the same call, or, at the first result of
 * a call, passages of it by other ones; undefined where it is sent as it is. Either way the memory knows afterwards.
 */
export async function saidAgain(
  memory: SessionMemory,
  order: Order,
  place: number,
  text: string,
  { handle, keep, count }: AgainMeans,
): Promise<Again | undefined> {
  const call = callOf(order)
  if (call === undefined) return undefined
  const source = `${call}${place}`
  const ask = { context: '', source, version: textHash(text), turn: ++memory.turn, exact: false }
  let named: string | undefined
  const expand = () => {
    named ??= handle()
    return `mycelium optimization expand ${named}`
  }
  // After a patch, the text that it was made against is not the last result.
  const { last } = memory.held(source) ?? {}
  const resultOf = (turn: number) => `the last ${turn === last?.turn ? '' : 'whole '}result of this call`
  // A sub-agent, or a context that was compacted, may not have it: whoever asks again is given all of it.
  const otherwise = () => `if that is not above, call it again or ${expand()}]`
  const words = {
    same: (turn: number) => `[the same as ${resultOf(turn)}; ${otherwise()}`,
    patch: ({ turn }: { readonly turn: number }) => `[changes to ${resultOf(turn)}; ${otherwise()}\n`,
  }
  const isFirst = last === undefined
  // Whoever was sent references and asks again may not have what they name.
  const answer = memory.isReferred(source)
    ? ({ as: 'full', text: undefined } as const)
    : keptOrWhole(() =>
        answerTo(memory.seen, ask, text, { textOf: (version) => memory.textOf(version), count, words }),
      )
  memory.happened({ kind: 'given', ...ask, as: answer.as }, ask.version, text)
  if (answer.text !== undefined)
    return { text: answer.text, strategy: answer.as === 'same' ? 'unchanged' : 'delta' }
  const earlier = isFirst ? memory.literalTexts(source, TERMS.maxAgeTurns, MAX_EARLIER) : []
  const referred = await referring(text, earlier, { count, keep, handle })
  const saved = referred === undefined ? 0 : count(text) - count(referred)
  const isWorth = saved >= Math.max(TERMS.minSavedTokens, count(text) * TERMS.minSavedShare)
  memory.refer(source, isWorth)
  return isWorth ? { text: referred!, strategy: 'earlier' } : undefined
}

/** The session was sent results of this call in another way than by saidAgain: what it was sent before at those places is not the last any more. */
export function saidOtherwise(
  memory: SessionMemory,
  order: Pick<Order, 'server' | 'tool' | 'arguments'>,
  isPlace: (place: number) => boolean = () => true,
): void {
  const call = memory.isEmpty ? undefined : callOf(order)
  if (call === undefined) return
  memory.unsure((source) => source.startsWith(call) && isPlace(Number(source.slice(call.length))))
}

/** Whatever keeps an original from being kept: the text goes as it is then. */
function keptOrWhole(answer: () => Pick<Answer, 'as' | 'text'>): Pick<Answer, 'as' | 'text'> {
  try {
    return answer()
  } catch {
    return { as: 'full', text: undefined }
  }
}

function callOf({ server, tool, arguments: json }: Pick<Order, 'server' | 'tool' | 'arguments'>) {
  const asked = argumentsIn(json)
  return asked === undefined ? undefined : toolSource(server, tool, asked)
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
