import { readFileSync } from 'node:fs'

/**
 * Whether the user lets hooks do something: `hooks.enabled` of config.json, read without what the other readers need, because an agent waits.
 * A file that cannot be read says nothing, and nothing is the default.
 */
export function hooksEnabled(settingsFile: string): boolean {
  try {
    const settings = Object(JSON.parse(readFileSync(settingsFile, 'utf8').replace(/^\uFEFF/, '')))
    return settings['hooks.enabled'] !== false && Object(settings.hooks).enabled !== false
  } catch {
    return true
  }
}
