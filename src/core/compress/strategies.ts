import { ALIASES } from './aliases.ts'
import { BOXES } from './boxes.ts'
import { EARLIER, REPEATS } from './copies.ts'
import { GROUPS } from './groups.ts'
import { ENCODING } from './json/encode.ts'
import { FOLD } from './leave/fold.ts'
import { LIBRARY_FRAMES } from './leave/frames.ts'
import { CONTEXT_LINES, LOCK_HUNKS, LONG_ADDITIONS } from './leave/hunks.ts'
import { MARKUP } from './leave/markup.ts'
import { OUTLINE } from './leave/outline.ts'
import { PASSED_TESTS } from './leave/passed.ts'
import { ROWS } from './leave/rows.ts'
import { SENTENCES } from './leave/sentences.ts'
import { NOISE } from './noise.ts'
import { REFS } from './refs.ts'
import type { Kind, Strategy } from './strategy.ts'
import { TEMPLATES } from './templates.ts'

/** A strategy and its place: `clean` keeps lines, `encode` writes them in another form, `leave` leaves some out. */
export interface Row {
  readonly strategy: Strategy
  readonly stage: 'clean' | 'encode' | 'leave'
  /** Kinds that it is for; all when left out. */
  readonly kinds?: readonly Kind[]
}

/** Kinds whose lines are records or names, not sentences or code that is read as it stands. */
const RECORDS: readonly Kind[] = ['log', 'table', 'test', 'text', 'trace', 'tree', 'json']

/** Every strategy, in the order in which they are tried: what costs a reader least comes first. */
export const STRATEGIES: readonly Row[] = [
  { strategy: NOISE, stage: 'clean' },
  { strategy: EARLIER, stage: 'encode' },
  { strategy: ENCODING, stage: 'encode' },
  { strategy: BOXES, stage: 'encode', kinds: ['table', 'text', 'markdown'] },
  { strategy: REPEATS, stage: 'encode' },
  { strategy: REFS, stage: 'encode', kinds: ['tree'] },
  { strategy: GROUPS, stage: 'encode', kinds: RECORDS },
  { strategy: TEMPLATES, stage: 'encode', kinds: RECORDS },
  { strategy: ALIASES, stage: 'encode' },
  { strategy: PASSED_TESTS, stage: 'leave', kinds: ['test', 'log', 'text'] },
  { strategy: LIBRARY_FRAMES, stage: 'leave', kinds: ['trace', 'test', 'log', 'text'] },
  { strategy: LOCK_HUNKS, stage: 'leave', kinds: ['diff'] },
  { strategy: CONTEXT_LINES, stage: 'leave', kinds: ['diff'] },
  { strategy: LONG_ADDITIONS, stage: 'leave', kinds: ['diff'] },
  { strategy: MARKUP, stage: 'leave', kinds: ['tree'] },
  { strategy: ROWS, stage: 'leave', kinds: ['json'] },
  { strategy: FOLD, stage: 'leave', kinds: ['log', 'table', 'test', 'text', 'tree'] },
  { strategy: OUTLINE, stage: 'leave', kinds: ['code'] },
  { strategy: SENTENCES, stage: 'leave', kinds: ['markdown', 'text', 'tree'] },
]

/** Names that may be asked for of one text: not of what needs the texts before it. */
export const STRATEGY_NAMES: readonly string[] = STRATEGIES.map(({ strategy }) => strategy.name).filter(
  (name) => name !== EARLIER.name,
)
