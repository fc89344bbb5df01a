import type { ColumnType } from './event.ts'

/** No text of an event is longer; a longer one is cut, which is told nowhere else than in its length. */
export const MAX_TEXT_LENGTH = 64 * 1024

/**
 * A number as its column may hold it: whole and within ±2^53 for everything but costs; what is no number becomes 0, or -1 where that
 * means not known. One wild value would otherwise keep a whole segment out of the database.
 */
export function cleanNumber(type: ColumnType, value: number): number {
  if (type === 'cost') return Number.isFinite(value) ? value : -1
  if (Number.isSafeInteger(value)) return value
  if (Number.isNaN(value)) return type === 'known' ? -1 : 0
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Math.round(value)))
}

/** A text as its column may hold it: no longer than MAX_TEXT_LENGTH, and not cut through a pair of surrogates. */
export function cleanText(text: string): string {
  if (text.length <= MAX_TEXT_LENGTH) return text
  const last = text.charCodeAt(MAX_TEXT_LENGTH - 1)
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? MAX_TEXT_LENGTH - 1 : MAX_TEXT_LENGTH)
}
