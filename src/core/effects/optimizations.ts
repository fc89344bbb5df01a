import type { SettingRow } from '../config/setting-row.ts'
import { rowOf, SETTING_KEYS, type SettingKey } from '../config/settings-table.ts'
import { type Estimate, unknown } from './estimate.ts'
import type { Count, Measure } from './measure.ts'
import type { DayRecord } from './record.ts'
import { SERVER_MEASURES } from './server-measures.ts'
import { TOKEN_MEASURES } from './token-measures.ts'

/** How often it did what, by the name of what it did. */
export type Deeds = Readonly<Record<string, number>>

/** One optimization: whether it is on, what it did, what that was worth, and what changes it. */
export interface Optimization {
  readonly id: string
  /** Null where it cannot be told. */
  readonly on: boolean | null
  /** False: its setting has no effect in this version. */
  readonly built: boolean
  readonly what: string
  readonly setting: SettingKey | null
  /** What to type, or to set. */
  readonly change: string
  /** Null while nothing was asked of the store, or the store has nothing. */
  readonly lastHour: Deeds | null
  readonly lastDay: Deeds | null
  /** What `effect` counts: its value is better the larger, and negative when the optimization cost something. */
  readonly gain: string
  readonly effect: Estimate
}

/** What else is known about this machine. */
export interface Circumstances {
  isOn(key: SettingKey): boolean | null
  /** Sessions that came by the compiled relay need it to be there. */
  readonly hasCompiledRelay: boolean
}

const MEASURES: readonly Measure[] = [...SERVER_MEASURES, ...TOKEN_MEASURES]

/** Every optimization there is, and those whose setting has no effect yet. `day` undefined: nothing is on record, or it cannot be asked; `why` says which. */
export function optimizations(
  around: Circumstances,
  day: DayRecord | undefined,
  why = 'nothing on record',
): readonly Optimization[] {
  const inHour: Count = (rows) => rows.reduce((sum, { hour }) => sum + hour, 0)
  const inDay: Count = (rows) => rows.reduce((sum, { day: count }) => sum + count, 0)
  const built = MEASURES.map(({ deeds, measured, on, ...row }) => ({
    ...row,
    on: on(around),
    built: true,
    lastHour: day === undefined ? null : deeds(day, inHour),
    lastDay: day === undefined ? null : deeds(day, inDay),
    effect: day === undefined ? unknown(why) : measured(day),
  }))
  return [...built, ...planned(around)]
}

function planned({ isOn }: Circumstances): readonly Optimization[] {
  return SETTING_KEYS.filter(isPlanned).map((key) => ({
    id: key.replace(/\.enabled$/, '').replaceAll('_', ' '),
    what: rowOf(key).sentence,
    on: isOn(key),
    built: false,
    setting: key,
    change: `mycelium config set ${key}=BOOLEAN`,
    lastHour: null,
    lastDay: null,
    gain: '',
    effect: unknown('not in this version'),
  }))
}

/** An optimization is off by default; what is on by default and inert is something else. */
function isPlanned(key: SettingKey): boolean {
  const row: SettingRow = rowOf(key)
  return row.inert === true && row.type === 'boolean' && !row.default
}
