import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { MyceliumError } from '../errors.ts'
import type { Paths } from './paths.ts'
import type { Reach, SettingValue } from './setting-row.ts'
import { type Reading, readJson, readText } from './setting-value.ts'
import { type FileSettings, readSettingsFile } from './settings-file.ts'
import { rowOf, SETTING_KEYS, type SettingKey, type ValueOf } from './settings-table.ts'
import { settingNamed } from './wanted-setting.ts'

/** Who may say what a setting is, strongest first. */
export const LAYERS = ['flag', 'environment', 'project', 'user', 'default'] as const

/** One of the layers. */
export type Layer = (typeof LAYERS)[number]

/** What one layer says of a setting. */
export interface Opinion {
  readonly layer: Layer
  /** Where it says so: a file, a variable, a flag; empty for the default. */
  readonly from: string
  readonly value?: SettingValue
  /** Why it does not count. */
  readonly refused?: string
}

/** Where the layers are looked for. */
export interface LayerSources {
  /** `key=value`, as given with `--config`. */
  readonly flags: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  readonly paths: Paths
}

/** All settings as they are for one command in one directory. */
export interface Resolved {
  get<K extends SettingKey>(key: K): ValueOf<K>
  /** The layer that counts, and what it says. */
  winner(key: SettingKey): Opinion
  /** What each layer says that says anything, strongest first; the default always does. */
  opinions(key: SettingKey): readonly Opinion[]
  /** Keys in files and variables that no setting has. */
  readonly unknown: readonly { readonly key: string; readonly from: string }[]
  /** A project file that could not be read; it does not count then. */
  readonly broken: MyceliumError | undefined
  readonly projectFile: string | undefined
  readonly userFile: string
}

const PROJECT_FILE = '.mycelium.json'
const PREFIX = 'MYCELIUM_'
const REACHES: Readonly<Record<Layer, readonly Reach[]>> = {
  flag: ['user', 'project'],
  environment: ['user', 'project'],
  project: ['project'],
  user: ['daemon', 'user', 'project'],
  default: ['daemon', 'user', 'project'],
}

/** The environment variable of a setting: its key in capitals, each dot two underscores, behind MYCELIUM_. */
export function variableOf(key: SettingKey): string {
  return PREFIX + key.replaceAll('.', '__').toUpperCase()
}

/** The nearest `.mycelium.json` at or above a directory, below the home directory or below the root of the file system. */
export function projectFileFor(cwd: string, env: NodeJS.ProcessEnv): string | undefined {
  const home = env.HOME || homedir()
  for (let at = cwd; at !== home; at = dirname(at)) {
    const file = join(at, PROJECT_FILE)
    if (existsSync(file)) return file
    if (dirname(at) === at) return undefined
  }
  return undefined
}

/**
 * Looks at every layer. Throws unknown_setting and setting_invalid for a flag, config_invalid and config_unreadable for the user's file; what
 * is wrong in the environment or in a project's file is kept as an opinion that does not count.
 */
export function resolveSettings({ flags, env, cwd, paths }: LayerSources): Resolved {
  const said = new Map<SettingKey, Opinion[]>(SETTING_KEYS.map((key) => [key, []]))
  const unknown: { key: string; from: string }[] = []
  const note = (layer: Layer, key: SettingKey, from: string, reading: Reading): Opinion => {
    const opinion = { layer, from, ...judged(layer, key, reading) }
    said.get(key)!.push(opinion)
    return opinion
  }

  for (const flag of flags) noteFlag(flag, note)
  for (const key of SETTING_KEYS) {
    const text = env[variableOf(key)]
    if (text !== undefined) note('environment', key, variableOf(key), readText(rowOf(key), text))
  }
  const variables = new Set(SETTING_KEYS.map(variableOf))
  for (const name of Object.keys(env))
    if (name.startsWith(PREFIX) && name.includes('__') && !variables.has(name))
      unknown.push({ key: name, from: 'environment' })

  const projectFile = projectFileFor(cwd, env)
  const project = projectFile === undefined ? {} : tried(projectFile)
  for (const [layer, settings] of [
    ['project', project.settings],
    ['user', readSettingsFile(paths.settings)],
  ] as const) {
    if (settings === undefined) continue
    // The last of one key counts, as everywhere in JSON.
    for (const { key, value } of new Map(settings.entries.map((entry) => [entry.key, entry])).values())
      note(layer, key, settings.file, readJson(rowOf(key), value))
    for (const { key } of settings.unknown) unknown.push({ key, from: settings.file })
  }
  for (const key of SETTING_KEYS) note('default', key, '', { value: rowOf(key).default })

  const winner = (key: SettingKey): Opinion =>
    said.get(key)!.find((opinion) => opinion.value !== undefined && opinion.refused === undefined)!
  return {
    get: <K extends SettingKey>(key: K) => winner(key).value as ValueOf<K>,
    winner,
    opinions: (key) => said.get(key)!,
    unknown,
    broken: project.broken,
    projectFile,
    userFile: paths.settings,
  }
}

/** Throws what resolveSettings would for `--config`: for commands that read no setting. */
export function checkFlags(flags: readonly string[]): void {
  for (const flag of flags)
    noteFlag(flag, (layer, key, from, reading) => ({ layer, from, ...judged(layer, key, reading) }))
}

function noteFlag(
  flag: string,
  note: (layer: Layer, key: SettingKey, from: string, reading: Reading) => Opinion,
): void {
  const [, word = '', text] = /^([^=]*)=(.*)$/s.exec(flag) ?? []
  if (text === undefined)
    throw new MyceliumError('usage', `--config ${flag}: no value`, { hint: '--config key=value' })
  const key = settingNamed(word)
  const opinion = note('flag', key, '--config', readText(rowOf(key), text))
  if (opinion.refused === undefined) return
  throw new MyceliumError('setting_invalid', `--config ${key}: ${opinion.refused}`, {
    hint:
      opinion.value === undefined ? `mycelium config explain ${key}` : `mycelium config set ${key}=${text}`,
  })
}

function judged(layer: Layer, key: SettingKey, reading: Reading): Pick<Opinion, 'value' | 'refused'> {
  if ('problem' in reading) return { refused: reading.problem }
  const { reach } = rowOf(key)
  if (REACHES[layer].includes(reach)) return reading
  const refused =
    reach === 'daemon'
      ? 'one daemon serves all directories, and it reads the user file only'
      : 'a file that comes with a repository may not set it'
  return { ...reading, refused }
}

/** A repository's broken file must not stop commands that have nothing to do with it. */
function tried(file: string): {
  readonly settings?: FileSettings | undefined
  readonly broken?: MyceliumError
} {
  try {
    return { settings: readSettingsFile(file) }
  } catch (error) {
    if (error instanceof MyceliumError) return { broken: error }
    throw error
  }
}
