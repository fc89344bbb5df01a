import { join } from 'node:path'
import { checkFlags, type Resolved, resolveSettings } from '../core/config/layers.ts'
import { packageRoot } from '../core/config/package-root.ts'
import { type Paths, pathsFrom } from '../core/config/paths.ts'
import type { SettingValue } from '../core/config/setting-row.ts'
import { printValue } from '../core/config/setting-value.ts'
import { readSettingsFile } from '../core/config/settings-file.ts'
import { canonicalKey, isSettingKey, rowOf, type SettingKey } from '../core/config/settings-table.ts'
import { storeSettings } from '../core/config/store.ts'
import { settingNamed, settingValue } from '../core/config/wanted-setting.ts'
import { runAlone } from '../core/daemon/alone.ts'
import { asking, connect } from '../core/daemon/connect.ts'
import { MyceliumError } from '../core/errors.ts'
import {
  explainedJson,
  explainText,
  listedKeys,
  listText,
  NO_EFFECT,
  RELOADS,
  settingJson,
  shown,
  troublesOf,
} from '../core/report/config-report.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'
import { printable } from '../core/report/printable.ts'

/** Options that every config command takes; `config` are the program's own `--config key=value`. */
export interface ConfigOptions {
  readonly json?: boolean
  readonly config?: readonly string[]
}

/** Whether a running daemon knows the new values, or why not. */
type DaemonNews = 'took it' | 'not running' | { readonly problem: string }

/** `mycelium config get KEY…`. */
export async function runConfigGet(io: Io, words: readonly string[], options: ConfigOptions): Promise<void> {
  const keys = words.map(settingNamed)
  const resolved = resolvedFor(io, options)
  for (const line of troublesOf(resolved)) io.talk(`${io.paint.stderr.warn('note:')} ${line}\n`)
  const text = (key: SettingKey) => printValue(rowOf(key), resolved.get(key))
  if (options.json) io.write(jsonText(Object.fromEntries(keys.map((key) => [key, resolved.get(key)]))))
  else if (keys.length === 1) io.write(`${text(keys[0]!)}\n`)
  else for (const key of keys) io.write(`${key}=${text(key)}\n`)
}

/** `mycelium config set key=value…` or `set key value`. */
export async function runConfigSet(io: Io, words: readonly string[], options: ConfigOptions): Promise<void> {
  const changes = new Map<SettingKey, SettingValue>()
  for (const [word, text] of assignmentsIn(words)) {
    const key = settingNamed(word)
    if (changes.has(key)) throw new MyceliumError('usage', `${key} is given twice`, { hint: 'name it once' })
    changes.set(key, settingValue(key, text))
  }
  await change(io, changes, options)
}

/** `mycelium config unset KEY…`: also what no setting is called, if it is in the file. */
export async function runConfigUnset(
  io: Io,
  words: readonly string[],
  options: ConfigOptions,
): Promise<void> {
  const unknown = readSettingsFile(pathsFrom(io.env).settings)?.unknown.map(({ key }) => key) ?? []
  const keys = words.map((word) => (unknown.includes(word) ? word : settingNamed(word)))
  await change(io, new Map(keys.map((key) => [key, undefined])), options)
}

/** `mycelium config list`. */
export async function runConfigList(
  io: Io,
  options: ConfigOptions & { readonly all?: boolean },
): Promise<void> {
  const resolved = resolvedFor(io, options)
  const keys = listedKeys(resolved, options.all === true)
  if (options.json) {
    const { unknown, userFile, projectFile, broken } = resolved
    const settings = keys.map((key) => settingJson(key, resolved))
    const refused = keys.flatMap((key) =>
      resolved
        .opinions(key)
        .filter((opinion) => opinion.refused !== undefined)
        .map(({ layer, from, refused: because }) => ({ key, layer, from, because })),
    )
    const problem = broken === undefined ? null : broken.message
    io.write(jsonText({ settings, refused, unknown, userFile, projectFile: projectFile ?? null, problem }))
    return
  }
  io.write(listText(keys, resolved, io.width))
  if (!options.all) io.talk('limits that have their default are left out: mycelium config list --all\n')
}

/** `mycelium config explain KEY`. */
export async function runConfigExplain(io: Io, word: string, options: ConfigOptions): Promise<void> {
  const key = settingNamed(word)
  const resolved = resolvedFor(io, options)
  if (options.json) io.write(jsonText(explainedJson(key, resolved)))
  else io.write(explainText(key, resolved, io.width, io.paint.stdout))
}

/** `mycelium config path`. */
export async function runConfigPath(
  io: Io,
  options: ConfigOptions & { readonly schema?: boolean },
): Promise<void> {
  const user = pathsFrom(io.env).settings
  const schema = join(packageRoot(), 'templates', 'mycelium-config.schema.json')
  if (options.json) io.write(jsonText({ user, schema }))
  else io.write(`${options.schema ? schema : user}\n`)
}

function resolvedFor(io: Io, options: ConfigOptions): Resolved {
  return resolveSettings({ flags: options.config ?? [], env: io.env, cwd: io.cwd, paths: pathsFrom(io.env) })
}

/** `a=1 b=2`, or `a 1`, whose value may hold `=`. */
function assignmentsIn(words: readonly string[]): readonly (readonly [key: string, value: string])[] {
  const [first = '', second] = words
  if (words.length === 2 && second !== undefined && !first.includes('=')) return [[first, second]]
  return words.map((word) => {
    const at = word.indexOf('=')
    if (at > 0) return [word.slice(0, at), word.slice(at + 1)]
    throw new MyceliumError('usage', `"${word}" gives no value`, {
      hint: 'mycelium config set key=value, or one key and its value',
    })
  })
}

async function change(
  io: Io,
  changes: ReadonlyMap<string, SettingValue | undefined>,
  options: ConfigOptions,
): Promise<void> {
  checkFlags(options.config ?? [])
  const paths = pathsFrom(io.env)
  // Read in our turn: another command may have changed the file since ours began.
  const { before, changed } = await runAlone(paths, async () => {
    const file = readSettingsFile(paths.settings)
    return { before: file, changed: await storeSettings(paths.settings, changes) }
  })
  const resolved = resolvedFor(io, options)
  const rows = [...changes].map(([key, value]) => {
    const entry = before?.entries.findLast((one) => one.key === key)
    const was = isSettingKey(key) ? (entry === undefined ? undefined : entry.value) : null
    return { key, was: was as SettingValue | null | undefined, now: value }
  })
  const news = changed && rows.some(({ key }) => isForDaemon(key)) ? await tellDaemon(paths) : 'not running'
  if (options.json) {
    const changesJson = rows.map(({ key, was, now }) => ({
      key,
      before: was ?? null,
      after: now ?? null,
      ...(isSettingKey(key) ? counting(key, resolved) : {}),
    }))
    io.write(jsonText({ file: paths.settings, changed, changes: changesJson, daemon: news }))
    return
  }
  for (const row of rows) io.write(changeText(row, paths.settings, resolved))
  if (typeof news === 'object') io.talk(`${io.paint.stderr.warn('note:')} ${printable(news.problem)}\n`)
  else if (news === 'took it') io.write('the running daemon has read it\n')
}

function counting(key: SettingKey, resolved: Resolved): object {
  const { value, layer } = resolved.winner(key)
  const row = rowOf(key)
  return { value, layer, reload: row.reload, hasEffect: row.inert !== true }
}

function changeText(
  { key, was, now }: { key: string; was: SettingValue | null | undefined; now: SettingValue | undefined },
  file: string,
  resolved: Resolved,
): string {
  if (!isSettingKey(canonicalKey(key))) return `${printable(key)}: removed from ${file}\n`
  const setting = key as SettingKey
  const row = rowOf(setting)
  const old = was === undefined ? `${shown(row, row.default)} (default)` : shownRaw(setting, was)
  if (was === undefined && now === undefined) return `${key}: is not set in ${file}\n`
  const next = now === undefined ? `${shown(row, row.default)} (default)` : shown(row, now)
  const same = old === next
  const lines = [same ? `${key}: is ${next} already in ${file}` : `${key}: ${old} → ${next} in ${file}`]
  const { layer, from, value } = resolved.winner(setting)
  if (layer !== 'user' && layer !== 'default')
    lines.push(`  here ${from} goes before it: ${shown(row, value!)}`)
  if (row.inert) lines.push(`  ${NO_EFFECT}: it is stored, and nothing reads it yet`)
  else if (!same) lines.push(`  counts ${RELOADS[row.reload]}`)
  return lines.map((line) => `${line}\n`).join('')
}

/** What was in the file may be no value of the setting. */
function shownRaw(key: SettingKey, value: unknown): string {
  const row = rowOf(key)
  return typeof value === typeof row.default && value !== null
    ? shown(row, value as SettingValue)
    : printable(JSON.stringify(value))
}

function isForDaemon(key: string): boolean {
  return isSettingKey(key) && rowOf(key).reach === 'daemon' && rowOf(key).inert !== true
}

async function tellDaemon(paths: Paths): Promise<DaemonNews> {
  try {
    const connection = await connect(paths)
    if (connection === undefined) return 'not running'
    const { problem } = await asking(connection, (open) => open.ask<{ problem: string | null }>('reload'))
    return problem === null ? 'took it' : { problem }
  } catch (error) {
    if (!(error instanceof MyceliumError)) throw error
    if (error.code === 'daemon_not_running') return 'not running'
    // One of before this command was known.
    if (error.code === 'usage')
      return {
        problem: 'the running daemon is of another version; it reads the file after mycelium daemon restart',
      }
    return { problem: `the running daemon was not told (${error.message}); it looks at the file by itself` }
  }
}
