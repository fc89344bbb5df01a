import type { Deeds, Optimization } from '../effects/optimizations.ts'
import { timeText } from './amounts.ts'
import { type Fact, factsText, wrapped } from './facts.ts'
import { type Screen, spreadText } from './status-report.ts'
import { table } from './table.ts'

/** What `status --show-optimization` prints after the rest: a block for each that there is, a row for each that is to come. */
export function optimizationText(rows: readonly Optimization[], screen: Screen): string {
  const built = rows.filter((row) => row.built)
  const planned = rows.filter((row) => !row.built)
  return [
    ...built.map((row) => blockOf(row, screen)),
    ...(planned.length > 0 ? [plannedText(planned, screen)] : []),
  ].join('\n')
}

/** The same as `--json` says it. */
export function optimizationJson({
  id,
  on,
  built,
  setting,
  change,
  lastHour,
  lastDay,
  gain,
  effect,
}: Optimization): object {
  return { id, on, built, setting, change, lastHour, lastDay, gain, effect }
}

function blockOf(row: Optimization, { width, paint }: Screen): string {
  const { id, what, on, lastHour, lastDay, change } = row
  const state = on === null ? paint.warn('unknown') : on ? paint.good('on') : paint.warn('off')
  const facts: Fact[] = [
    ['last hour', deedsText(lastHour)],
    ['last day', deedsText(lastDay)],
    ['effect', effectText(row)],
    ['change', change],
  ]
  const head = wrapped(`${paint.strong(id)} ${state}: ${what}`, width)
  return `${head.join('\n')}\n${factsText(
    facts.map(([label, text]) => [`  ${label}`, text]),
    width,
    paint,
  )}`
}

function deedsText(deeds: Deeds | null): string {
  if (deeds === null) return 'not on record'
  return Object.entries(deeds)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ')
}

function effectText({ effect, gain }: Optimization): string {
  if (effect.value === null) return effect.note
  // The first word of a gain is its unit.
  const unit = gain.split(' ')[0]!
  const amount = (value: number) => (unit === 'ms' ? timeText(value) : `${Math.round(value)} ${unit}`)
  const signed = (value: number) => `${value > 0 ? '+' : ''}${amount(value)}`
  return `${signed(effect.value)}${gain.slice(unit.length)} (${spreadText(effect, signed)}; n ${effect.n})`
}

function plannedText(rows: readonly Optimization[], { width, paint }: Screen): string {
  const head = `${paint.strong('not in this version')}: the settings are stored and have no effect`
  return `${wrapped(head, width).join('\n')}\n${table(
    [{ title: '' }, { title: 'SET' }, { title: '', shrinks: true }],
    rows.map(({ id, on, what }) => [id, on === null ? '?' : on ? 'on' : 'off', what]),
    width,
  )}`
}
