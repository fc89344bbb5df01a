/** Where a quoted text lies in another text: characters `start` (included) to `end` (excluded), quotes and all. */
export interface QuotedPlace {
  readonly start: number
  readonly end: number
}

/** The quoted values of so many characters or more in a text that is JSON or has some, by how they are quoted; null for one that is there more than once. */
export function quotedIn(text: string, minCharacters: number): ReadonlyMap<string, QuotedPlace | null> {
  const found = new Map<string, QuotedPlace | null>()
  for (let start = text.indexOf('"'); start !== -1; ) {
    const end = endOfQuoted(text, start)
    if (end === -1) break
    if (end - start >= minCharacters && !isKey(text, end)) {
      const quoted = text.slice(start, end)
      found.set(quoted, found.has(quoted) ? null : { start, end })
    }
    start = text.indexOf('"', end)
  }
  return found
}

/** The text with others in these places, which do not overlap. */
export function withQuoted(
  text: string,
  others: readonly (QuotedPlace & { readonly other: string })[],
): string {
  const parts: string[] = []
  let from = 0
  for (const { start, end, other } of others.toSorted((a, b) => a.start - b.start)) {
    parts.push(text.slice(from, start), JSON.stringify(other))
    from = end
  }
  return parts.join('') + text.slice(from)
}

/** The index behind the text whose opening quote is at `start`; -1 where it never ends. */
function endOfQuoted(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let first = end
    while (first > start + 1 && text[first - 1] === '\\') first--
    if (((end - first) & 1) === 0) return end + 1
  }
  return -1
}

function isKey(text: string, end: number): boolean {
  let at = end
  while (' \n\r\t'.includes(text[at] ?? '?')) at++
  return text[at] === ':'
}
