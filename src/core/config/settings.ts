import { readFileSync } from 'node:fs'
import { hasErrno, MyceliumError } from '../errors.ts'
import type { Paths } from './paths.ts'

/** config.json as it is on disk; {} when there is none. Throws config_invalid. */
export function readSettings(paths: Paths): Readonly<Record<string, unknown>> {
  let text: string
  try {
    text = readFileSync(paths.settings, 'utf8')
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return {}
    throw error
  }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not an object')
    return value as Record<string, unknown>
  } catch (cause) {
    throw new MyceliumError('config_invalid', `${paths.settings}: ${(cause as Error).message}`, { cause })
  }
}

/** The object under one key, or {}. */
export function section(
  settings: Readonly<Record<string, unknown>>,
  name: string,
): Readonly<Record<string, unknown>> {
  const value = settings[name]
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {}
}
