import { liveSettings } from '../config/live-settings.ts'
import type { Paths } from '../config/paths.ts'
import type { Log } from '../log.ts'

/** The user's settings as they change; what becomes of a change is in the log. */
export function loggedSettings(paths: Paths, log: Log): ReturnType<typeof liveSettings> {
  return liveSettings(paths, {
    changed: (keys) => log.event('settings-changed', { keys: keys.join(' ') }),
    ignored: (key, because) => log.event('setting-ignored', { key, because }),
    broken: (error) => log.event('settings-broken', { because: error.message, kept: 'the settings before' }),
  })
}
