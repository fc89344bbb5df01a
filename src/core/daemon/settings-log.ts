import type { LiveSettingsEvents } from '../config/live-settings.ts'
import type { Log } from '../log.ts'

/** What is told of settings that change while the daemon runs. */
export function settingsTo(log: Log): LiveSettingsEvents {
  return {
    changed: (keys) => log.event('settings-changed', { keys: keys.join(' ') }),
    ignored: (key, because) => log.event('setting-ignored', { key, because }),
    broken: (error) => log.event('settings-broken', { because: error.message, kept: 'the settings before' }),
  }
}
