import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { readRegular } from '../regular-file.ts'
import { BOOLEAN_WORDS } from './boolean-words.ts'

/** Where switches are looked for. */
export interface SwitchSources {
  /** config.json of the root. */
  readonly userFile: string
  readonly env: NodeJS.ProcessEnv
  /** Where the agent works; left out for switches that a project may not set. */
  readonly cwd?: string
}

/**
 * Settings that are on or off, for hooks, which load none of the other readers because an agent waits: environment, project file, user file,
 * default, as in config/layers.ts, with which it pairs. A file that cannot be read says nothing.
 */
export function switchesIn(sources: SwitchSources): (key: string, byDefault: boolean) => boolean {
  const layers = layersOf(sources)
  return (key, byDefault) => {
    const variable = `MYCELIUM_${key.toUpperCase().replace('.', '__')}`
    const word = BOOLEAN_WORDS[sources.env[variable]?.trim().toLowerCase() ?? '']
    if (word !== undefined) return word
    for (const settings of layers) {
      const value = valueIn(settings, key)
      if (typeof value === 'boolean') return value
    }
    return byDefault
  }
}

/** The same of shares, 0 to 1, for the daemon, which asks no environment. */
export function sharesIn(sources: Omit<SwitchSources, 'env'>): (key: string, byDefault: number) => number {
  const layers = layersOf({ ...sources, env: {} })
  return (key, byDefault) => {
    for (const settings of layers) {
      const value = valueIn(settings, key)
      if (typeof value === 'number' && value >= 0 && value <= 1) return value
    }
    return byDefault
  }
}

function layersOf({ userFile, env, cwd }: SwitchSources): readonly unknown[] {
  return [...(cwd === undefined ? [] : [projectSettings(cwd, env.HOME || homedir())]), settingsIn(userFile)]
}

/** The nearest `.mycelium.json`; only that one counts, whatever it says. */
function projectSettings(cwd: string, home: string): unknown {
  for (let at = cwd; at !== home; at = dirname(at)) {
    const text = textOf(join(at, '.mycelium.json'))
    if (text !== undefined) return parsed(text)
    if (dirname(at) === at) return undefined
  }
  return undefined
}

function settingsIn(file: string): unknown {
  const text = textOf(file)
  return text === undefined ? undefined : parsed(text)
}

function textOf(file: string): string | undefined {
  try {
    return readRegular(file).toString('utf8')
  } catch {
    return undefined
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return undefined
  }
}

/** Dots in a key are levels, or are not, as the file likes; the one written last counts. */
function valueIn(settings: unknown, key: string): unknown {
  const [section, word] = key.split('.') as [string, string]
  let value: unknown
  if (typeof settings !== 'object' || settings === null) return undefined
  for (const [name, one] of Object.entries(settings)) {
    if (name === key) value = one
    if (name === section && typeof one === 'object' && one !== null)
      value = (one as Record<string, unknown>)[word] ?? value
  }
  return value
}
