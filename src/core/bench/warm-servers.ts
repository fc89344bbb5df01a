import type { Paths } from '../config/paths.ts'
import { asking, connect } from '../daemon/connect.ts'
import type { ServerRow } from '../daemon/wire.ts'

/** Whether the next session finds every server warm: a process it may share, or a spare of its own. False when no daemon runs. */
export async function allWarm(paths: Paths): Promise<boolean> {
  const connection = await connect(paths)
  if (connection === undefined) return false
  const rows = await asking(connection, (open) => open.ask<ServerRow[]>('servers'))
  return rows.every((row) => {
    const states = row.pools.flatMap((pool) => pool.upstreams.map((upstream) => upstream.state))
    return row.mode === 'session'
      ? states.includes('spare')
      : states.some((state) => /^(idle|busy|spare)$/.test(state))
  })
}
