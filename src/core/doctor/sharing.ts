import { declaredEntries } from '../clients/declared.ts'
import { knownServers } from '../clients/known-servers.ts'
import type { ServerRow } from '../daemon/wire.ts'
import { counted } from '../report/counted.ts'
import type { Finding, Look } from './finding.ts'

/** Servers that run a process for each session because nobody said otherwise, and what speaks for sharing them. Only proposed: whether a server keeps state between calls is not to be seen from outside. */
export function checkSharing({ daemon, where, paths }: Look): readonly Finding[] {
  // A row speaks of processes that may be older than the user's word.
  const decided = knownServers(paths).servers.flatMap(({ id, mode }) => (mode === undefined ? [] : [id]))
  return (daemon.servers ?? []).flatMap((row): readonly Finding[] => {
    if (row.mode !== 'session' || row.by !== 'default' || decided.includes(row.id)) return []
    const { evidence } = row
    if (evidence === undefined || evidence.tools === null || evidence.calls === 0) return []
    const asks = evidence.asked.length > 0
    const readOnly = evidence.tools > 0 && evidence.readOnlyTools === evidence.tools
    // What asks and may write is best left alone; what only may write needs a word of the user.
    if (!readOnly && asks) return []
    const mode = readOnly && !asks ? 'shared' : 'call'
    const seen = [
      readOnly
        ? `all ${evidence.tools} tools are declared read-only`
        : `${evidence.readOnlyTools} of ${evidence.tools} tools are declared read-only`,
      asks
        ? `it asked for ${evidence.asked.join(', ')}`
        : `it asked nothing of agents in ${counted(evidence.calls, 'call')}`,
      ...sameEverywhere(row, where),
    ]
    return [
      {
        id: 'server-could-share',
        severity: 'advice',
        subject: row.id,
        message: `${counted(row.sessions, 'session')}, ${counted(row.processes, 'process', 'processes')}; ${seen.join('; ')}`,
        fix: `mycelium server share ${row.id} ${mode}`,
      },
    ]
  })
}

function sameEverywhere({ id }: ServerRow, where: Look['where']): readonly string[] {
  const entries = declaredEntries(where).filter((entry) => entry.id === id)
  const clients = new Set(entries.map(({ client }) => client))
  const ways = new Set(entries.map(({ argv, env }) => JSON.stringify([argv, Object.entries(env).sort()])))
  return clients.size > 1 && ways.size === 1
    ? [`command and environment are the same in ${[...clients].join(', ')}`]
    : []
}
