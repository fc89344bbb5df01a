import { createHash } from 'node:crypto'
import type { Embed } from './model/embed.ts'

/** Vectors that are remembered, 1.5 kB each. */
const MAX_VECTORS = 8_000

/** Embeds each text once, as long as it is remembered; the one that was not asked for longest is forgotten first. */
export function remembering(embed: Embed, limit = MAX_VECTORS): Embed & { knows(text: string): boolean } {
  const vectors = new Map<string, Float32Array>()
  const keyOf = (text: string) => createHash('sha1').update(text).digest('base64')
  const ask: Embed = async (texts) => {
    const keys = texts.map(keyOf)
    const missing = new Map<string, string>()
    for (const [i, key] of keys.entries()) if (!vectors.has(key)) missing.set(key, texts[i]!)
    const made = await embed([...missing.values()])
    for (const [i, key] of [...missing.keys()].entries()) vectors.set(key, made[i]!)
    const found = keys.map((key) => {
      const vector = vectors.get(key)!
      vectors.delete(key)
      vectors.set(key, vector)
      return vector
    })
    for (const key of vectors.keys()) {
      if (vectors.size <= limit) break
      vectors.delete(key)
    }
    return found
  }
  return Object.assign(ask, { knows: (text: string) => vectors.has(keyOf(text)) })
}
