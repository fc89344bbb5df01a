import { compress } from './compress.ts'
import { EARLIER } from './copies.ts'
import type { CompressOptions } from './strategy.ts'

/** What a mark begins with; pairs with MARK in copies.ts. Earlier texts are numbered until it is known which of them are named. */
const NAMED = /^\[= my:(\d{10}) (?=\d+-\d+(?: .*…)?\]$)/gm

/** The first line of a shortened text, and what in it changes nothing in how a line is read; pairs with head.ts and the notes of strategies. */
const HEAD = /^\[shortened(?:: (.*?))?\. Original: .*$/m
const PLAIN =
  /^(?:\[… A-B: …\] = lines A-B left out|\[… N\] = sentences of line N left out|[\w ,]+ left out)$/
const REFS = /^@N = /

/** How texts are counted and kept; `handle` keeps the original of the text that is written. */
export interface ReferOptions extends Pick<CompressOptions, 'count' | 'keep' | 'pinned'> {
  readonly handle: () => string
}

/**
 * The text with passages that stand in earlier ones named by the lines there, each earlier text by a handle that has it; undefined where that takes no fewer
 * tokens, where its lines are in a form that only its own first lines explain, or where something cannot be kept. Nothing is lost: whoever has the earlier texts, or their handles, has the text.
 */
export async function referring(
  text: string,
  earlier: readonly string[],
  { count, keep, pinned = [], handle }: ReferOptions,
): Promise<string | undefined> {
  const reading = readingOf(text)
  const alike = reading === undefined ? [] : earlier.filter((one) => readingOf(one) === reading)
  if (alike.length === 0) return undefined
  const done = await compress(text, {
    count,
    keep: handle,
    pinned,
    target: 1,
    strategies: [EARLIER.name],
    earlier: alike.map((one, i) => ({ id: `my:${String(i).padStart(10, '0')}`, text: one })),
  })
  if (done.handle === undefined) return undefined
  try {
    const handles = new Map<string, string>()
    return done.content.replace(NAMED, (_, digits: string) => {
      const known = handles.get(digits) ?? keep(alike[Number(digits)]!)
      handles.set(digits, known)
      return `[= ${known} `
    })
  } catch {
    return undefined
  }
}

/** By what the lines of a text are read: two that differ in it do not mean the same by the same line. Undefined where lines depend on others. */
function readingOf(text: string): string | undefined {
  const end = text.indexOf('\n')
  const notes = HEAD.exec(end < 0 ? text : text.slice(0, end))?.[1]?.split('; ') ?? []
  if (!notes.every((note) => PLAIN.test(note) || REFS.test(note))) return undefined
  return notes.filter((note) => REFS.test(note)).join()
}
