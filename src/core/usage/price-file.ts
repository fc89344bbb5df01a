import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser'
import { MyceliumError } from '../errors.ts'
import type { Price, PriceTable, Rates } from './prices.ts'

const RATES = ['input', 'output', 'cacheWrite5m', 'cacheWrite1h', 'cacheRead'] as const

/**
 * Reads a table of prices: `{asOf?, models: [{match, input, output, cacheWrite5m?, cacheWrite1h?, cacheRead?, above?}]}`, in US dollars
 * for a million tokens. A rate of the cache that is left out is that of what it stands for: reading and writing cost as input does, an hour
 * as five minutes. Comments are allowed. Throws prices_invalid with line and column.
 */
export function readPrices(text: string, path: string): PriceTable {
  const fail = (offset: number, why: string): never => {
    const before = text.slice(0, offset).split('\n')
    throw new MyceliumError('prices_invalid', `${path}:${before.length}:${before.at(-1)!.length + 1}: ${why}`)
  }
  const errors: ParseError[] = []
  const root = parseTree(text, errors, { allowTrailingComma: true })
  const [error] = errors
  if (error !== undefined) fail(error.offset, printParseErrorCode(error.error))
  if (root?.type !== 'object') return fail(root?.offset ?? 0, 'not an object')

  const members = (node: Node, known: readonly string[]): ReadonlyMap<string, Node> => {
    if (node.type !== 'object') fail(node.offset, 'not an object')
    const pairs = (node.children ?? []).map((pair) => [pair.children![0]!, pair.children![1]] as const)
    for (const [name] of pairs)
      if (!known.includes(String(name.value))) fail(name.offset, `unknown: ${String(name.value)}`)
    return new Map(
      pairs.map(([name, value]) => [String(name.value), value ?? fail(name.offset, 'without a value')]),
    )
  }
  const amount = (node: Node): number =>
    node.type === 'number' && (node.value as number) >= 0
      ? (node.value as number)
      : fail(node.offset, 'not an amount: a number from 0')
  const rates = (node: Node, found: ReadonlyMap<string, Node>, like?: Rates): Rates => {
    const of = (name: (typeof RATES)[number]): number | undefined => {
      const value = found.get(name)
      return value === undefined ? undefined : amount(value)
    }
    const input = of('input') ?? like?.input ?? fail(node.offset, 'input is missing')
    const cacheWrite5m = of('cacheWrite5m') ?? input
    return {
      input,
      output: of('output') ?? like?.output ?? fail(node.offset, 'output is missing'),
      cacheWrite5m,
      cacheWrite1h: of('cacheWrite1h') ?? cacheWrite5m,
      cacheRead: of('cacheRead') ?? input,
    }
  }

  const top = members(root, ['$schema', 'asOf', 'models'])
  const list = top.get('models') ?? fail(root.offset, 'models is missing')
  if (list.type !== 'array') fail(list.offset, 'not an array')
  const models = (list.children ?? []).map((node): [string, Price] => {
    const found = members(node, ['match', ...RATES, 'above'])
    const match = found.get('match') ?? fail(node.offset, 'match is missing')
    if (match.type !== 'string' || match.value === '') fail(match.offset, 'not the name of a model')
    const base = rates(node, found)
    const above = found.get('above')
    if (above === undefined) return [match.value as string, base]
    const more = members(above, ['promptTokens', ...RATES])
    const promptTokens = amount(more.get('promptTokens') ?? fail(above.offset, 'promptTokens is missing'))
    return [match.value as string, { ...base, above: { promptTokens, ...rates(above, more, base) } }]
  })
  const asOf = top.get('asOf')
  if (asOf !== undefined && !/^\d{4}-\d\d-\d\d$/.test(String(asOf.value))) fail(asOf.offset, 'not a day')
  return { asOf: asOf === undefined ? '' : String(asOf.value), models: new Map(models) }
}
