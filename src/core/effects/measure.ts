import type { Estimate } from './estimate.ts'
import type { Circumstances, Deeds, Optimization } from './optimizations.ts'
import type { Counts, DayRecord } from './record.ts'

/** Adds up counts, of the hour or of the day. */
export type Count = (rows: readonly Counts[]) => number

/** What an optimization is judged by. */
export interface Measure extends Pick<Optimization, 'id' | 'what' | 'setting' | 'change' | 'gain'> {
  readonly on: (around: Circumstances) => boolean | null
  readonly deeds: (day: DayRecord, count: Count) => Deeds
  readonly measured: (day: DayRecord) => Estimate
}
