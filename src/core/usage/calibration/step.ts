import type { ContentClass } from '../../tokens/content-class.ts'
import type { CountTokens } from '../../tokens/count.ts'

/** What tool results between two responses of a model were counted as. Figures only; no text is kept. */
export interface Counted {
  /** What the table counts of the text, by its kind. */
  readonly byClass: Partial<Record<ContentClass, number>>
  /** What it counts more because of the line numbers before a file's lines. */
  readonly lineNumbers: number
  /** Lines with a number before them. */
  readonly lines: number
  /** Tool results. */
  readonly results: number
}

/** Two successive responses of a model with nothing but known tool results between them. */
export interface Step extends Counted {
  readonly model: string
  /** Milliseconds since the epoch. */
  readonly atMs: number
  /** Tokens that the API says had come: the later one's whole input less the earlier one's input and output. */
  readonly tokens: number
}

/** Less text says more about its frame than about itself. */
const LEAST_COUNTED = 50
/** A ratio beyond these is an accident: a context that was edited, a reminder as long as the text. */
const PLAUSIBLE = { low: 0.4, high: 4 }
/** Thinking that may or may not be sent again is let pass up to this share of what was counted. */
const MAX_THINKING_SHARE = 0.02

/** What the table counts in a step. */
export function countedOf({ byClass, lineNumbers }: Counted): number {
  return Object.values(byClass).reduce((sum, n) => sum + n, lineNumbers)
}

/** Whether a step can be learnt from; `thinking` are tokens of the earlier response that may have been left out of the later one's input. */
export function isPlausible(step: Step, thinking: number): boolean {
  const counted = countedOf(step)
  const ratio = step.tokens / counted
  return (
    step.model !== '' &&
    counted >= LEAST_COUNTED &&
    thinking <= counted * MAX_THINKING_SHARE &&
    ratio >= PLAUSIBLE.low &&
    ratio <= PLAUSIBLE.high
  )
}

/** Counts the text of a tool result: of a file, when `contentClass` says which kind, with or without line numbers. */
export function countResult(text: string, contentClass: ContentClass, count: CountTokens): Counted {
  const { bare, reminders } = apart(text)
  const reminder = reminders === '' ? 0 : count(reminders)
  const file = FIRST_NUMBERED.test(bare) ? bare.replace(LINE_NUMBER, '') : bare
  const counted = count(file)
  const byClass: Counted['byClass'] = { [contentClass]: counted }
  if (reminder > 0) byClass.prose = (byClass.prose ?? 0) + reminder
  if (file === bare) return { byClass, lineNumbers: 0, lines: 0, results: 1 }
  const lines = bare.match(LINE_NUMBER)?.length ?? 0
  return { byClass, lineNumbers: Math.max(0, count(bare) - counted), lines, results: 1 }
}

/** The sum of both. */
export function plus(a: Counted, b: Counted): Counted {
  const byClass = { ...a.byClass }
  for (const [name, n] of Object.entries(b.byClass))
    byClass[name as ContentClass] = (byClass[name as ContentClass] ?? 0) + n
  return {
    byClass,
    lineNumbers: a.lineNumbers + b.lineNumbers,
    lines: a.lines + b.lines,
    results: a.results + b.results,
  }
}

/** Of nothing. */
export const NOTHING: Counted = { byClass: {}, lineNumbers: 0, lines: 0, results: 0 }

/** A model's name without the day it is of. */
export function modelName(model: string): string {
  return model.replace(/-\d{8}$|-\d{4}-\d\d-\d\d$/, '')
}

/** What Claude Code adds to the text of some results. */
const [OPEN, CLOSE] = ['<system-reminder>', '</system-reminder>']

/** A text without its reminders, and these, with the white space around them. In time that grows with the text, whatever it is. */
function apart(text: string): { readonly bare: string; readonly reminders: string } {
  let [bare, reminders, at] = ['', '', 0]
  for (;;) {
    const open = text.indexOf(OPEN, at)
    const close = open < 0 ? -1 : text.indexOf(CLOSE, open)
    if (close < 0) return { bare: bare + text.slice(at), reminders }
    const before = text.slice(at, open).trimEnd()
    const end = text.length - text.slice(close + CLOSE.length).trimStart().length
    bare += before
    reminders += text.slice(at + before.length, end)
    at = end
  }
}
/** `     1→` as Claude Code wrote it at first, `1` and a tab as it does now. */
const LINE_NUMBER = /^ *\d+[→\t]/gm
const FIRST_NUMBERED = /^ *\d+[→\t]/
