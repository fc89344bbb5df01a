import { readRegular } from '../regular-file.ts'

/** As in config/settings-file.ts. */
const MAX_BYTES = 1024 * 1024

/**
 * Whether the user lets hooks do something: `hooks.enabled` of config.json, read without what the other readers need, because an agent waits.
 * A file that cannot be read says nothing, and nothing is the default.
 */
export function hooksEnabled(settingsFile: string): boolean {
  try {
    const settings = Object(
      JSON.parse(
        readRegular(settingsFile, MAX_BYTES)
          .toString('utf8')
          .replace(/^\uFEFF/, ''),
      ),
    )
    return settings['hooks.enabled'] !== false && Object(settings.hooks).enabled !== false
  } catch {
    return true
  }
}
