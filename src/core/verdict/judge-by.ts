import type { Judge } from '../compress/verdict-type.ts'
import { judgeWith } from './judge.ts'
import type { Tier } from './model/tier.ts'

/** A judge for what shortens, by one model: what is left out under a mark can be had by the handle that the text will get. */
export function judgeBy(tier: Tier): Judge {
  return (original, compressed, { leftOut = [], gone = [] } = {}) =>
    judgeWith(tier, original, compressed, { isReversible: leftOut.length > 0, gone })
}
