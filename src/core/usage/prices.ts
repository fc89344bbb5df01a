import shipped from '../../../templates/prices.json' with { type: 'json' }
import { MyceliumError } from '../errors.ts'
import type { EventOf } from '../events/event.ts'
import { readRegular } from '../regular-file.ts'
import { readPrices } from './price-file.ts'

/** US dollars for a million tokens. */
export interface Rates {
  readonly input: number
  readonly output: number
  /** Writing to the cache for five minutes, and for an hour. */
  readonly cacheWrite5m: number
  readonly cacheWrite1h: number
  readonly cacheRead: number
}

/** What a model costs; a longer prompt may cost more, and then all of the request does. */
export interface Price extends Rates {
  /** Prompt tokens, cached and written ones included, above which the other rates apply. */
  readonly above?: Rates & { readonly promptTokens: number }
}

/** Prices by the model's name without what says where it runs or when it was cut. */
export interface PriceTable {
  /** Day of the prices that came with the package, `2026-11-18`. */
  readonly asOf: string
  readonly models: ReadonlyMap<string, Price>
}

/** The token columns of a response, of which reasoning is a part of output. */
export type PricedTokens = Pick<
  EventOf<'response'>,
  'inputTokens' | 'outputTokens' | 'cacheWrite5mTokens' | 'cacheWrite1hTokens' | 'cacheReadTokens'
>

/** A model's prices as one row of a table; without a tier `longFrom` is null and the long rates are the others. */
export interface PriceRow extends Rates {
  readonly model: string
  readonly longFrom: number | null
  readonly longInput: number
  readonly longOutput: number
  readonly longCacheWrite5m: number
  readonly longCacheWrite1h: number
  readonly longCacheRead: number
}

const MILLION = 1e6

/** The table of the package, under what a file of the user says. Throws prices_invalid with line and column, or when it cannot be read. */
export function loadPrices(path?: string): PriceTable {
  const own = readPrices(JSON.stringify(shipped), 'templates/prices.json')
  if (path === undefined || path === '') return own
  let text: string
  try {
    text = readRegular(path).toString('utf8')
  } catch (cause) {
    throw new MyceliumError('prices_invalid', `${path} cannot be read`, { cause })
  }
  const theirs = readPrices(text, path)
  return { asOf: theirs.asOf || own.asOf, models: new Map([...own.models, ...theirs.models]) }
}

/**
 * The price of a model by any of its ids: `us.anthropic.claude-opus-4-5-20251101-v1:0` (Bedrock), `claude-opus-4-5@20251101` (Vertex) and
 * `anthropic/claude-opus-4.5` (OpenRouter) are one. The id itself is looked up first. Undefined for a model that the table does not have.
 */
export function priceOf(table: PriceTable, model: string): Price | undefined {
  return table.models.get(model) ?? table.models.get(plainModel(model))
}

/** US dollars for the tokens of one request. */
export function costUsd(price: Price, tokens: PricedTokens): number {
  const prompt =
    tokens.inputTokens + tokens.cacheWrite5mTokens + tokens.cacheWrite1hTokens + tokens.cacheReadTokens
  const rates = price.above !== undefined && prompt > price.above.promptTokens ? price.above : price
  const millionths =
    tokens.inputTokens * rates.input +
    tokens.outputTokens * rates.output +
    tokens.cacheWrite5mTokens * rates.cacheWrite5m +
    tokens.cacheWrite1hTokens * rates.cacheWrite1h +
    tokens.cacheReadTokens * rates.cacheRead
  return millionths / MILLION
}

/** A row for each of the models that has a price; the others' tokens have no cost, which a report must say. */
export function priceRows(table: PriceTable, models: Iterable<string>): PriceRow[] {
  return [...new Set(models)].flatMap((model) => {
    const price = priceOf(table, model)
    if (price === undefined) return []
    const { input, output, cacheWrite5m, cacheWrite1h, cacheRead } = price
    const long = price.above ?? price
    return [
      {
        model,
        input,
        output,
        cacheWrite5m,
        cacheWrite1h,
        cacheRead,
        longFrom: price.above?.promptTokens ?? null,
        longInput: long.input,
        longOutput: long.output,
        longCacheWrite5m: long.cacheWrite5m,
        longCacheWrite1h: long.cacheWrite1h,
        longCacheRead: long.cacheRead,
      },
    ]
  })
}

/** The name without provider, region, date, version of the deployment and variant. */
export function plainModel(model: string): string {
  const name = model
    .toLowerCase()
    .replace(/^.*\//, '')
    .replace(/^@/, '')
    .replace(/^(?:[a-z]{2,6}(?:-[a-z]{2,4})?\.)?(?:anthropic|openai|google)\./, '')
    .replace(/\[[^\]]*\]$/, '')
    .replace(/@.*$/, '')
    // Not `:free`: that is another price.
    .replace(/:(?:thinking|extended|nitro|beta|\d+)$/, '')
    .replace(/-v\d+$/, '')
    .replace(/-(?:20\d{6}|20\d\d-\d\d-\d\d)$/, '')
    .replace(/-latest$/, '')
    .replace(/-preview(?:-\d\d-(?:\d\d|20\d\d))?(?:-customtools)?$/, '')
  // `claude-opus-4.5` of those who take the dot, and `claude-4-5-opus` of those who turn it around.
  if (!name.startsWith('claude-')) return name
  const [, version, family] = /^claude-(\d+(?:-\d+)?)-([a-z]+)$/.exec(name.replaceAll('.', '-')) ?? []
  return version === undefined || version.startsWith('3')
    ? name.replaceAll('.', '-')
    : `claude-${family}-${version}`
}
