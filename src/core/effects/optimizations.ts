import type { SettingRow } from '../config/setting-row.ts'
import { rowOf, SETTING_KEYS, type SettingKey } from '../config/settings-table.ts'
import { type Estimate, meanEstimate, sparedPerGreeting, unknown } from './estimate.ts'
import type { Counts, DayRecord } from './record.ts'

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

type Count = (rows: readonly Counts[]) => number

/** What an optimization is judged by. */
interface Measure extends Pick<Optimization, 'id' | 'what' | 'setting' | 'change' | 'gain'> {
  readonly on: (around: Circumstances) => boolean | null
  readonly deeds: (day: DayRecord, count: Count) => Deeds
  readonly measured: (day: DayRecord) => Estimate
}

const SHARED: readonly string[] = ['shared', 'call']

const MEASURES: readonly Measure[] = [
  {
    id: 'sharing',
    what: 'sessions use the same process where the server allows it',
    on: () => true,
    setting: null,
    change: 'mycelium server share NAME MODE',
    gain: 'ms less for a session that found a process',
    deeds: ({ greetings, starts }, count) => {
      const sessions = count(greetings.filter(({ mode }) => SHARED.includes(mode)))
      const started = count(starts.filter(({ mode }) => SHARED.includes(mode)))
      return {
        sessions,
        'found a process': count(greetings.filter(({ mode, warm }) => warm && SHARED.includes(mode))),
        'starts avoided': sessions - started,
      }
    },
    measured: ({ warm, readyMs }) =>
      sparedPerGreeting(
        warm.filter(({ mode }) => SHARED.includes(mode)),
        readyMs,
      ),
  },
  {
    id: 'warm spares',
    what: 'a process is started ahead for the next session of a server that is not shared',
    on: ({ isOn }) => isOn('pools.warm_spares.enabled'),
    setting: 'pools.warm_spares.enabled',
    change: 'mycelium config set pools.warm_spares.enabled=BOOLEAN',
    gain: 'ms less for a session that got a spare',
    deeds: ({ greetings, unusedSpares, decisions }, count) => ({
      sessions: count(greetings.filter(({ mode }) => mode === 'session')),
      'got a spare': count(greetings.filter(({ mode, warm }) => warm && mode === 'session')),
      'spares unused': count([unusedSpares]),
      'not started, memory short': count(decisions.filter(({ policy }) => policy === 'warm_spares')),
    }),
    measured: ({ warm, readyMs }) =>
      sparedPerGreeting(
        warm.filter(({ mode }) => mode === 'session'),
        readyMs,
      ),
  },
  {
    id: 'growth',
    what: 'a shared server that cannot keep up gets another process',
    on: ({ isOn }) => isOn('pools.grow.enabled'),
    setting: 'pools.grow.enabled',
    change: 'mycelium config set pools.grow.enabled=BOOLEAN',
    gain: 'ms less for a call in the minute after than in the minute before',
    deeds: ({ decisions }, count) => ({
      'processes added': count(
        decisions.filter(({ policy, action }) => policy === 'pools' && action === 'grow'),
      ),
    }),
    measured: ({ growthMs }) => meanEstimate(growthMs),
  },
  {
    id: 'resolution',
    what: 'npx and uvx are left out where the program they would start is certain',
    on: () => true,
    setting: null,
    change: 'always on: a runner stays where it has to decide itself',
    gain: 'ms less for a start',
    deeds: ({ starts }, count) => ({
      'without npx': count(starts.filter(({ how }) => how === 'npx')),
      'without uvx': count(starts.filter(({ how }) => how === 'uvx')),
      'runner kept': count(starts.filter(({ how }) => how === 'as-is')),
    }),
    measured: () => unknown('not measured: no start is made both ways'),
  },
  {
    id: 'compiled relay',
    what: 'launchers become a program of less than 1 MB',
    on: ({ hasCompiledRelay }) => hasCompiledRelay,
    setting: null,
    change: 'a C compiler and mycelium init; MYCELIUM_RELAY=perl in an agent goes around it',
    gain: 'KB less for a session',
    deeds: ({ greetings }, count) => ({
      'sessions by it': count(greetings.filter(({ via }) => via === 'c')),
      'by another relay': count(greetings.filter(({ via }) => via !== 'c')),
    }),
    measured: () => unknown('not measured: the memory of relays is not on record'),
  },
  {
    id: 'file budgets',
    what: 'the first read of a file over its budget is an outline',
    on: ({ isOn }) => isOn('budget.enabled'),
    setting: 'budget.enabled',
    change: 'mycelium budget files --write, then mycelium config set budget.enabled=BOOLEAN',
    gain: 'tokens less for a session that was shown a file in part, what it asked for after all taken off',
    deeds: ({ decisions, budgetTokens }, count) => {
      const done = (action: string) =>
        count(decisions.filter((one) => one.policy === 'budget' && one.action === action))
      return {
        outlines: done('outline'),
        'files asked for again': done('again'),
        'ranges asked for': done('part'),
        'unchanged answers': done('point'),
        'tokens kept, net': count([budgetTokens.sum]),
      }
    },
    measured: ({ budgetTokens }) => meanEstimate(budgetTokens.bySession),
  },
  {
    id: 'lazy tools',
    what: 'tools that were not used before are found instead of listed',
    on: ({ isOn }) => isOn('lazy_tools.enabled'),
    setting: 'lazy_tools.enabled',
    change: 'mycelium init --mcp, then mycelium config set lazy_tools.enabled=BOOLEAN',
    gain: 'tokens of definitions less in a request of an agent, our own and what searches brought taken off',
    deeds: ({ decisions, lazyToolTokens }, count) => {
      const done = (action: string) =>
        count(decisions.filter((one) => one.policy === 'lazy_tools' && one.action === action))
      return {
        'lists shortened': done('list'),
        searches: done('find'),
        'found tools called': done('hit'),
        'other calls by call_tool': done('call'),
        'tokens kept, net': count([lazyToolTokens.sum]),
      }
    },
    measured: ({ lazyToolTokens }) => meanEstimate(lazyToolTokens.bySession),
  },
  {
    id: 'prewarm',
    what: 'servers are kept and started by when each is used',
    on: ({ isOn }) => isOn('prewarm.enabled'),
    setting: 'prewarm.enabled',
    change: 'mycelium config set prewarm.enabled=BOOLEAN',
    gain: 'cold starts less, for the same memory x time',
    deeds: ({ decisions }, count) => {
      const done = (action: string) =>
        count(decisions.filter((one) => one.policy === 'prewarm' && one.action === action))
      return { 'started ahead': done('warm'), 'held back for memory': done('hold') }
    },
    // Whether a use would have found it cold without, only a replay of both can tell.
    measured: () =>
      unknown('not measurable while it runs: mycelium prewarm evaluate --idle-trace replays both'),
  },
  {
    id: 'ignored files',
    what: 'the hook holds what a plan hides',
    on: ({ isOn }) => isOn('ignore.enabled'),
    setting: 'ignore.enabled',
    change: 'mycelium ignore write, and mycelium ignore undo; or mycelium config set ignore.enabled=BOOLEAN',
    gain: 'tokens less for a session that did not read hidden files',
    deeds: ({ decisions }, count) => {
      const done = (action: string) =>
        count(decisions.filter((one) => one.policy === 'ignore' && one.action === action))
      return { 'tool uses refused': done('refuse'), 'searches narrowed': done('narrow') }
    },
    // What an agent would have read of them, and then have done without, nobody knows.
    measured: () => unknown('not measurable: what was not read has no size'),
  },
]

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
