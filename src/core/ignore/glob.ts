type Part = '*' | ((char: string) => boolean)

/** A shell pattern for one name, piece by piece; backslashes escape. */
function partsOf(pattern: string): readonly Part[] {
  const parts: Part[] = []
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern[at]!
    if (char === '*') {
      if (parts.at(-1) !== '*') parts.push('*')
    } else if (char === '?') parts.push(() => true)
    else if (char === '[') {
      const end = pattern.indexOf(']', at + (/^\[[!^]?\]/.test(pattern.slice(at, at + 3)) ? 3 : 2))
      if (end < 0) parts.push((other) => other === '[')
      else {
        parts.push(classOf(pattern.slice(at + 1, end)))
        at = end
      }
    } else {
      if (char === '\\') at += 1
      const wanted = pattern[at] ?? ''
      parts.push((other) => other === wanted)
    }
  }
  return parts
}

function classOf(inside: string): (char: string) => boolean {
  const negated = /^[!^]/.test(inside)
  const body = negated ? inside.slice(1) : inside
  const ranges = [...body.matchAll(/(.)-(.)|(.)/gs)].map(
    ([, from, to, one]) => [from ?? one!, to ?? one!] as const,
  )
  return (char) => ranges.some(([from, to]) => from <= char && char <= to) !== negated
}

/** Whether a text fits a pattern whose `*` also stands for slashes and a dot in front, as in find and git. */
export function fitsText(text: string, pattern: string): boolean {
  return fitsName(`x${text}`, `x${pattern}`)
}

/** Whether a name fits a shell pattern. A name that begins with a dot fits only one that does. Takes at most length × length steps. */
export function fitsName(name: string, pattern: string): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.') && !pattern.startsWith('\\.')) return false
  // Most segments of most patterns are plain.
  if (!/[*?[\\]/.test(pattern)) return name === pattern
  const parts = partsOf(pattern)
  let [i, j, star, mark] = [0, 0, -1, 0]
  while (i < name.length) {
    const part = parts[j]
    if (part === '*') {
      star = j
      mark = i
      j += 1
    } else if (part?.(name[i]!)) {
      i += 1
      j += 1
    } else if (star >= 0) {
      // The last star takes one character more.
      mark += 1
      i = mark
      j = star + 1
    } else return false
  }
  return parts.slice(j).every((part) => part === '*')
}

/**
 * How a pattern with as many segments meets a path: it names it, or something inside of it where the path is a directory. `**` stands for any
 * number of segments.
 */
export function meets(path: string, pattern: string): 'itself' | 'inside' | undefined {
  const names = path.split('/')
  const parts = pattern.split('/').filter((part, i, all) => part !== '**' || all[i - 1] !== '**')
  const failed = new Set<number>()
  const from = (i: number, j: number): 'itself' | 'inside' | undefined => {
    if (i === names.length) return j === parts.length ? 'itself' : 'inside'
    if (j === parts.length || failed.has(i * parts.length + j)) return undefined
    const found =
      parts[j] === '**'
        ? (from(i, j + 1) ?? from(i + 1, j))
        : fitsName(names[i]!, parts[j]!)
          ? from(i + 1, j + 1)
          : undefined
    if (found === undefined) failed.add(i * parts.length + j)
    return found
  }
  return from(0, 0)
}
