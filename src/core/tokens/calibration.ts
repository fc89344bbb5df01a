import type { ContentClass } from './content-class.ts'

/** Between which multiples of an estimate the real count is expected; 1 is the estimate itself. */
export interface Band {
  readonly low: number
  readonly high: number
}

/** What a kind of text was seen to need. */
export interface ClassFactor {
  /** Real tokens for one that the table counts. */
  readonly factor: number
  /** Steps of transcripts in which most of the text was of this kind. */
  readonly n: number
  /** Where 80 % of those steps lay; wider where they were few. */
  readonly band: Band
}

/** What was learnt of one model's tokenizer. */
export interface ModelCalibration {
  /** As its provider names it, without the date. */
  readonly model: string
  /** Of any kind of text. */
  readonly overall: ClassFactor
  /** Kinds of which there was at least one step; their factors lean towards the overall one where steps were few. */
  readonly classes: Readonly<Partial<Record<ContentClass, ClassFactor>>>
  /** Real tokens that the number before each line takes more than what the table counts of it, where a tool shows a file. */
  readonly perLine: number
  /** Real tokens that each tool result takes besides its text: its frame, and what the client adds unseen. */
  readonly perResult: number
}

/** What was learnt from a user's transcripts, with the model that was used last first. */
export interface Calibration {
  /** The table that counted: factors are of no use to another. */
  readonly table: string
  readonly models: readonly ModelCalibration[]
}

/** Below this many steps what they show is not believed to be all there is. */
export const ENOUGH_STEPS = 20

/**
 * Real tokens for one that the Claude table counts, over all models that agents use, as published and measured: 0.84 is what o200k (GPT)
 * takes for code; the table's own package multiplies by 1.1 for Claude up to 4.6 and Haiku 4.5; later Claude models take up to 1.47 times as
 * much as those for prose (1.1 x 1.47 = 1.62). Without a calibration nothing says which of them it is.
 */
export const PUBLISHED: Band = { low: 0.84, high: 1.62 }
