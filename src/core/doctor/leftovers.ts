import { basename } from 'node:path'
import { asking } from '../daemon/connect.ts'
import { leftovers } from '../daemon/records.ts'
import { findOrStart } from '../daemon/start.ts'
import type { Finding, Look } from './finding.ts'

/** Server processes that outlived their daemon and its watcher. A daemon that starts ends them. */
export function checkLeftovers({ paths, where, daemon }: Look): readonly Finding[] {
  const { running } = leftovers(paths)
  if (running.length === 0) return []
  const names = running.map(({ command, root }) => `${basename(command)} (pid ${root.pid})`).join(', ')
  const isUp = daemon.status !== undefined
  return [
    {
      id: 'process-left',
      severity: 'error',
      subject: 'processes',
      message: `of a daemon that is dead: ${names}`,
      fix: isUp ? 'mycelium daemon restart' : 'mycelium daemon start',
      ...(!isUp && {
        repair: async () => {
          await asking(await findOrStart(paths, where.env), (open) => open.ask('status'))
          return 'a daemon was started, which ends them'
        },
      }),
    },
  ]
}
