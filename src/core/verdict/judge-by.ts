import type { Judge, JudgeOptions } from '../compress/verdict-type.ts'
import { type JudgeOptions as Asked, judgeWith } from './judge.ts'
import type { Tier } from './model/tier.ts'
import type { Judging } from './open-judge.ts'

/** A judge for what shortens, by one model: what is left out under a mark can be had by the handle that the text will get. */
export function judgeBy(tier: Tier): Judge {
  return (original, compressed, options) => judgeWith(tier, original, compressed, asked(options))
}

/** The same by a process that judges. */
export function judgeIn({ judge }: Pick<Judging, 'judge'>): Judge {
  return (original, compressed, options) => judge(original, compressed, asked(options))
}

/** How near sentences are to a query, 0 to 1, by a process that judges; undefined where nothing reads meaning. */
export function nearIn({ alike }: Pick<Judging, 'alike'>) {
  return async (query: string, sentences: readonly string[]): Promise<readonly number[] | undefined> => {
    const { tier, cosines } = await alike(sentences.map((sentence) => [query, sentence] as const))
    return tier === 'none' ? undefined : cosines
  }
}

function asked({ leftOut = [], gone = [] }: JudgeOptions = {}): Asked {
  return { isReversible: leftOut.length > 0, gone }
}
