import { createHash } from 'node:crypto'

/** First `digits` hex digits of the SHA-256 of the parts, each length-prefixed so that no two lists collide by joining. */
export function fingerprint(parts: readonly string[], digits = 16): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part)
  return hash.digest('hex').slice(0, digits)
}
