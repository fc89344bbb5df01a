import { MyceliumError } from '../errors.ts'
import type { Shortener } from './shortener.ts'

/** Tools of one agent; and texts that one order embeds, few enough that a result to be shortened waits a tenth of a second for them. */
const MAX = { keys: 10_000, texts: 8, characters: 2_000 } as const

/** What `mycelium mcp` asks about meanings; pairs with mcp/nearness.ts. null is the answer where there is none: words alone decide then. */
export function meaningCommands(shortener: Pick<Shortener, 'near' | 'learn'>) {
  return {
    near: async ({ query, keys }: Readonly<Record<string, unknown>>) => {
      if (!isShort(query) || !isList(keys, MAX.keys) || !keys.every(isShort)) throw notUnderstood('near')
      return (await shortener.near(query, keys)) ?? null
    },
    learn: async ({ texts, last }: Readonly<Record<string, unknown>>) => {
      if (!isList(texts, MAX.texts) || !texts.every(isKeyed)) throw notUnderstood('learn')
      return (await shortener.learn(texts, last === true)) ?? null
    },
  }
}

function isShort(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX.characters
}

function isList(value: unknown, most: number): value is unknown[] {
  return Array.isArray(value) && value.length <= most
}

function isKeyed(value: unknown): value is { readonly key: string; readonly text: string } {
  const { key, text } = Object(value)
  return isShort(key) && isShort(text)
}

function notUnderstood(what: string): MyceliumError {
  return new MyceliumError('bad_params', `${what}: not what mycelium mcp sends`)
}
