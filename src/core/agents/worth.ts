import type { Claim } from './claim.ts'

/** What worth is reckoned by. */
export type Worth = Pick<Claim, 'want' | 'weight'>

/** The first tokens of a grant are worth eleven times those around want: the curve is log(0.1 want + x). */
const HEAD = 0.1
/** What a token beyond want counts. */
const BEYOND = 0.25

/**
 * What x tokens are worth to an agent: weight × want × log(1 + x ÷ 0.1 want) up to want, and beyond it the same curve at a quarter of its slope. Concave, with
 * its knee at want, and of no unit: with all sizes doubled the same shares are best. Defined for whole x ≥ 0.
 */
export function worthOf({ want, weight }: Worth, x: number): number {
  const head = HEAD * want
  const scale = weight * want
  const upTo = Math.min(x, want)
  const low = scale * Math.log1p(upTo / head)
  return x <= want ? low : low + BEYOND * scale * Math.log1p((x - want) / (head + want))
}

/** What the token after x is worth; it falls with x. */
export function gainOf({ want, weight }: Worth, x: number): number {
  const scale = (x < want ? 1 : BEYOND) * weight * want
  return scale * Math.log1p(1 / (HEAD * want + x))
}

/** How many tokens are each worth the price at least: the inverse of gainOf, from the closed form, so it may be off by one. Infinity at price 0. */
export function amountAt({ want, weight }: Worth, price: number): number {
  const upTo = (scale: number) => Math.floor(1 / Math.expm1(price / scale) - HEAD * want + 1)
  const low = Math.max(0, upTo(weight * want))
  return low < want ? low : Math.max(want, upTo(BEYOND * weight * want))
}
