import { LAYERS, type Layer, type Opinion, type Resolved, variableOf } from '../config/layers.ts'
import type { Reload, SettingRow, SettingValue } from '../config/setting-row.ts'
import { allowedText, printValue } from '../config/setting-value.ts'
import { rowOf, SETTING_KEYS, type SettingKey } from '../config/settings-table.ts'
import type { Paint } from './paint.ts'
import { printable } from './printable.ts'
import { table } from './table.ts'

/** Said of a setting that is stored, and read by nothing. */
export const NO_EFFECT = 'has no effect in this version'

/** When a change counts, as the end of a sentence. */
export const RELOADS: Readonly<Record<Reload, string>> = {
  live: 'at once',
  'next-session': 'for sessions that start later',
  'next-process': 'for server processes that start later',
  restart: 'after mycelium daemon restart',
}

/** One setting as `config list --json` shows it. */
export function settingJson(key: SettingKey, resolved: Resolved): object {
  const row = rowOf(key)
  const { value, layer, from } = resolved.winner(key)
  const { type, reload, reach, sentence } = row
  return {
    key,
    value,
    text: printValue(row, value!),
    layer,
    from: from || null,
    default: row.default,
    type,
    allowed: allowedText(row),
    reload,
    reach,
    hasEffect: row.inert !== true,
    sentence,
  }
}

/** One setting and all its layers, as `config explain --json` shows it. */
export function explainedJson(key: SettingKey, resolved: Resolved): object {
  const winner = resolved.winner(key)
  const layers = LAYERS.map((layer) => {
    const opinion = opinionOf(key, layer, resolved)
    return {
      layer,
      from: (opinion?.from ?? placeOf(layer, key, resolved)) || null,
      value: opinion?.value ?? null,
      counts: opinion === winner,
      refused: opinion?.refused ?? null,
    }
  })
  return { ...settingJson(key, resolved), layers }
}

/** The keys that `config list` shows: bounds that few touch only where somebody did. */
export function listedKeys(resolved: Resolved, all: boolean): readonly SettingKey[] {
  return SETTING_KEYS.filter(
    (key) =>
      all || rowOf(key).fine !== true || resolved.opinions(key).some(({ layer }) => layer !== 'default'),
  )
}

/** The table of settings, then what was found and does not count. */
export function listText(keys: readonly SettingKey[], resolved: Resolved, width: number): string {
  const rows = keys.map((key) => {
    const row = rowOf(key)
    const { value, layer } = resolved.winner(key)
    const what = row.inert ? `(${NO_EFFECT}) ${row.sentence}` : row.sentence
    return [key, shown(row, value!), layer, what]
  })
  const columns = [
    { title: 'SETTING' },
    { title: 'VALUE' },
    { title: 'FROM' },
    { title: 'WHAT', shrinks: true },
  ]
  const troubles = troublesOf(resolved)
  return `${table(columns, rows, width)}${troubles.length > 0 ? `\n${troubles.map((line) => `${line}\n`).join('')}` : ''}`
}

/** Everything said somewhere that does not count, one line each. */
export function troublesOf(resolved: Resolved): readonly string[] {
  const refused = SETTING_KEYS.flatMap((key) => refusalsOf(key, resolved))
  const unknown = resolved.unknown.map(({ key, from }) => `${from}: no setting "${key}"; left as it is`)
  const broken = resolved.broken === undefined ? [] : [`${resolved.broken.message}: that file does not count`]
  return [...refused, ...unknown, ...broken].map(printable)
}

function refusalsOf(key: SettingKey, resolved: Resolved): readonly string[] {
  return resolved
    .opinions(key)
    .filter(({ refused }) => refused !== undefined)
    .map(({ from, refused }) => `${from}: ${key} does not count: ${refused}`)
}

/** What each layer says, the one that counts marked. */
export function explainText(key: SettingKey, resolved: Resolved, width: number, paint: Paint): string {
  const row = rowOf(key)
  const winner = resolved.winner(key)
  const rows = LAYERS.map((layer) => {
    const opinion = opinionOf(key, layer, resolved)
    const value = opinion?.value === undefined ? '-' : shown(row, opinion.value)
    const where = opinion?.from ?? placeOf(layer, key, resolved)
    return [opinion === winner ? '*' : '', layer, value, where].map(printable)
  })
  const columns = ['', 'LAYER', 'VALUE', 'WHERE'].map((title) => ({ title }))
  return [
    `${paint.strong(key)} = ${shown(row, winner.value!)}, from ${nameOf(winner)}\n`,
    `  ${row.sentence}\n`,
    row.inert ? `  ${paint.warn(`It ${NO_EFFECT}`)}: it is stored, and nothing reads it yet.\n` : '',
    `  It takes ${allowedText(row)}; a change counts ${RELOADS[row.reload]}.\n`,
    row.reach === 'daemon' ? '  The daemon reads it, from the user file only.\n' : '',
    row.reach === 'user' ? '  A file that comes with a repository may not set it.\n' : '',
    '\n',
    table(columns, rows, width),
    ...refusalsOf(key, resolved).map((line) => `\n${paint.warn('note:')} ${printable(line)}\n`),
  ].join('')
}

/** A value in a table or a sentence. */
export function shown(row: SettingRow, value: SettingValue): string {
  return printable(printValue(row, value)) || '""'
}

function nameOf({ layer, from }: Opinion): string {
  if (layer === 'default') return 'its default'
  return layer === 'flag' ? from : `${layer} (${printable(from)})`
}

function opinionOf(key: SettingKey, layer: Layer, resolved: Resolved): Opinion | undefined {
  return resolved.opinions(key).findLast((opinion) => opinion.layer === layer)
}

/** Where a layer would say something. */
function placeOf(layer: Layer, key: SettingKey, resolved: Resolved): string {
  const { projectFile, userFile } = resolved
  const places = {
    flag: `--config ${key}=…`,
    environment: variableOf(key),
    project: projectFile ?? '.mycelium.json, none here',
    user: userFile,
    default: '',
  }
  return places[layer]
}
