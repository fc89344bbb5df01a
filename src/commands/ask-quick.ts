import type { Clock } from '../core/clock.ts'
import { rootFrom } from '../core/config/paths.ts'
import { askForQuick } from '../core/hook/say.ts'

/**
 * Called when a hook or a status line has answered by a start of Node: where its client could have had it faster (templates/quiet.sh says so), a daemon that
 * runs is asked to see to that for the next one. Never rejects.
 */
export async function askForNext(env: NodeJS.ProcessEnv, clock: Clock): Promise<void> {
  if (env.MYCELIUM_QUICK === undefined) return
  await askForQuick(rootFrom(env), clock)
}
