/** Of the room, what the beginning of a text gets; the end gets the rest, as that is where programs say what went wrong. */
const HEAD_SHARE = 0.6

/**
 * A text that is too long with its middle taken out: whole lines from both ends, verbatim, and between them what `gap` says of the lines left out. At most
 * `most` code units besides that; a line that alone is too long is cut itself.
 */
export function cutText(text: string, most: number, gap: (lines: number) => string): string {
  const head = headOf(text, Math.floor(most * HEAD_SHARE))
  const tail = tailOf(text.slice(head.length), most - head.length)
  const left = text.slice(head.length, text.length - tail.length)
  const lines = left.split('\n').length - Number(left.endsWith('\n'))
  const before = head === '' || head.endsWith('\n') ? head : `${head}\n`
  return `${before}${gap(lines)}\n${tail}`
}

function headOf(text: string, most: number): string {
  const some = text.slice(0, most)
  const end = some.lastIndexOf('\n')
  return whole(end > most / 2 ? some.slice(0, end + 1) : some)
}

function tailOf(text: string, most: number): string {
  if (most <= 0) return ''
  const some = text.slice(-most)
  const start = some.indexOf('\n')
  const tail = start >= 0 && start < most / 2 ? some.slice(start + 1) : some
  return (tail.charCodeAt(0) & 0xfc00) === 0xdc00 ? tail.slice(1) : tail
}

/** Not between the halves of a surrogate pair. */
function whole(text: string): string {
  return (text.charCodeAt(text.length - 1) & 0xfc00) === 0xd800 ? text.slice(0, -1) : text
}

/** The first lines of a text that have at most so many code units together: one at least. */
export function linesWithin(lines: readonly string[], most: number): number {
  let [count, length] = [0, 0]
  for (const line of lines) {
    length += line.length + 1
    if (length > most) break
    count += 1
  }
  return Math.max(1, count)
}
