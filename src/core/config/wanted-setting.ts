import { MyceliumError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import type { SettingValue } from './setting-row.ts'
import { readText } from './setting-value.ts'
import {
  canonicalKey,
  isSection,
  isSettingKey,
  rowOf,
  SETTING_KEYS,
  type SettingKey,
} from './settings-table.ts'

/** The key that somebody means. Throws unknown_setting, which names the nearest one. */
export function settingNamed(word: string): SettingKey {
  const key = canonicalKey(word.trim())
  if (isSettingKey(key)) return key
  if (isSection(key))
    throw new MyceliumError('unknown_setting', `${word} is a section, not a setting`, {
      hint: `name one of it, such as ${SETTING_KEYS.find((one) => one.startsWith(`${key}.`))}`,
    })
  const close = nearestKey(key)
  throw new MyceliumError('unknown_setting', `no setting "${word}"`, {
    ...(close === undefined ? {} : { hint: `did you mean ${close}?` }),
  })
}

/** Reads a value for a setting. Throws setting_invalid, which says what would be accepted. */
export function settingValue(key: SettingKey, text: string): SettingValue {
  const reading = readText(rowOf(key), text)
  if ('value' in reading) return reading.value
  throw new MyceliumError('setting_invalid', `${key}: ${reading.problem}`, {
    hint: `mycelium config explain ${key}`,
  })
}

/** By its whole, or else by its last word: `target_reduction` means the one that ends so. */
function nearestKey(word: string): SettingKey | undefined {
  const ending = SETTING_KEYS.filter((key) => key.endsWith(`.${word}`))
  if (ending.length === 1) return ending[0]
  return nearest(word, SETTING_KEYS) as SettingKey | undefined
}
