import { LIMIT_ROWS } from '../config/limit-rows.ts'
import type { Settings } from '../config/live-settings.ts'

type LimitKey = keyof typeof LIMIT_ROWS

type Camel<Words extends string> = Words extends `${infer First}_${infer Rest}`
  ? `${First}${Capitalize<Camel<Rest>>}`
  : Words

/**
 * Every bound of daemon and pools, by its word in config/limit-rows.ts: times in ms, sizes in bytes. The object stays and its numbers follow
 * the settings, so read one where it is used.
 */
export type Limits = {
  readonly [Key in LimitKey as Key extends `limits.${infer Words}` ? Camel<Words> : never]: number
}

const LIMIT_KEYS = Object.keys(LIMIT_ROWS) as readonly LimitKey[]

/** The limits that settings give, now and later. */
export function limitsFrom(settings: Settings): Limits {
  const current = () =>
    Object.fromEntries(LIMIT_KEYS.map((key) => [camelCase(key.slice('limits.'.length)), settings.get(key)]))
  const limits = current()
  settings.onChange(LIMIT_KEYS, () => Object.assign(limits, current()))
  return limits as Limits
}

function camelCase(words: string): string {
  return words.replace(/_[a-z]/g, (match) => match[1]!.toUpperCase())
}
