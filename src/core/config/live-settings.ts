import { statSync } from 'node:fs'
import { hasErrno, MyceliumError } from '../errors.ts'
import type { Paths } from './paths.ts'
import type { SettingValue } from './setting-row.ts'
import { readJson } from './setting-value.ts'
import { readSettingsFile } from './settings-file.ts'
import { rowOf, SETTING_KEYS, type SettingKey, type ValueOf } from './settings-table.ts'

/** Settings as they are now, for those who live longer than one command. */
export interface Settings {
  get<K extends SettingKey>(key: K): ValueOf<K>
  /** Calls back after one of these keys has another value; the returned function ends that. */
  onChange(keys: readonly SettingKey[], changed: () => void): () => void
}

/** What becomes of a look at the file. */
export interface LiveSettingsEvents {
  changed(keys: readonly SettingKey[]): void
  /** A value that no setting takes, or a key that none has: the rest of the file counts. */
  ignored(key: string, because: string): void
  /** The file cannot be read: all stays as it was. Once for each broken text. */
  broken(error: MyceliumError): void
}

/** The settings of a daemon: user file over defaults. */
export interface LiveSettings extends Settings {
  /** Reads the file again if it was written since; the error that kept it from that, if one did. Cheap when nothing happened. */
  look(): MyceliumError | undefined
}

/**
 * Reads the user's settings and follows what is done to the file, when asked to look. Settings that need a restart keep the value that they
 * had at first. Throws config_invalid or config_unreadable where the file cannot be read the first time.
 */
export function liveSettings(paths: Paths, events: LiveSettingsEvents): LiveSettings {
  const listeners = new Set<{ readonly keys: readonly SettingKey[]; readonly changed: () => void }>()
  let seen = stampOf(paths.settings)
  let trouble: MyceliumError | undefined
  let values = valuesIn(paths, events)

  const take = (next: ReadonlyMap<SettingKey, SettingValue>): void => {
    const before = values
    const differs = (key: SettingKey) => JSON.stringify(next.get(key)) !== JSON.stringify(before.get(key))
    const keys = SETTING_KEYS.filter((key) => rowOf(key).reload !== 'restart' && differs(key))
    if (keys.length === 0) return
    values = new Map([...before, ...keys.map((key) => [key, next.get(key)!] as const)])
    for (const listener of [...listeners])
      if (listener.keys.some((key) => keys.includes(key))) listener.changed()
    events.changed(keys)
  }

  return {
    get: <K extends SettingKey>(key: K) => values.get(key) as ValueOf<K>,
    onChange: (keys, changed) => {
      const listener = { keys, changed }
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    look: () => {
      const stamp = stampOf(paths.settings)
      if (stamp === seen) return trouble
      seen = stamp
      try {
        take(valuesIn(paths, events))
        trouble = undefined
      } catch (error) {
        if (!(error instanceof MyceliumError)) throw error
        trouble = error
        events.broken(error)
      }
      return trouble
    },
  }
}

function valuesIn(paths: Paths, events: LiveSettingsEvents): ReadonlyMap<SettingKey, SettingValue> {
  const file = readSettingsFile(paths.settings)
  const values = new Map<SettingKey, SettingValue>(SETTING_KEYS.map((key) => [key, rowOf(key).default]))
  for (const { key, value } of file?.entries ?? []) {
    const reading = readJson(rowOf(key), value)
    if ('value' in reading) values.set(key, reading.value)
    else events.ignored(key, reading.problem)
  }
  for (const { key } of file?.unknown ?? []) events.ignored(key, 'no setting has that key')
  return values
}

/** Changes whenever the file is written or replaced, within the resolution of the file system. */
function stampOf(file: string): string {
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true })
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return ''
    return String((error as Error).message)
  }
}
