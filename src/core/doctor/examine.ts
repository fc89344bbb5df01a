import { runAlone } from '../daemon/alone.ts'
import { MyceliumError } from '../errors.ts'
import { checkClients } from './clients.ts'
import { checkDaemon } from './daemon.ts'
import { checkDatabase } from './database.ts'
import { checkDirectories } from './directories.ts'
import { checkDisk } from './disk.ts'
import { checkEntries } from './entries.ts'
import { checkEnvelope } from './envelope.ts'
import { type Check, type Finding, type Look, SEVERITIES } from './finding.ts'
import { checkHooks } from './hooks.ts'
import { checkIgnored } from './ignored.ts'
import { checkJobs } from './jobs.ts'
import { checkLaunchers } from './launchers.ts'
import { checkLeftovers } from './leftovers.ts'
import { checkNode } from './node-version.ts'
import { checkRelay } from './relay.ts'
import { checkRunFiles } from './run-files.ts'
import { checkServerHealth } from './server-health.ts'
import { checkSharing } from './sharing.ts'
import { checkToolLists } from './tool-lists.ts'
import { checkTranscripts } from './transcripts.ts'
import { checkVersions } from './versions.ts'

/** Every check, in the order in which findings of one severity are shown. */
const CHECKS: Readonly<Record<string, Check>> = {
  node: checkNode,
  directories: checkDirectories,
  disk: checkDisk,
  database: checkDatabase,
  daemon: checkDaemon,
  leftovers: checkLeftovers,
  'run-files': checkRunFiles,
  launchers: checkLaunchers,
  relay: checkRelay,
  entries: checkEntries,
  versions: checkVersions,
  'server-health': checkServerHealth,
  sharing: checkSharing,
  hooks: checkHooks,
  ignored: checkIgnored,
  envelope: checkEnvelope,
  jobs: checkJobs,
  'tool-lists': checkToolLists,
  transcripts: checkTranscripts,
  clients: checkClients,
}

/** What one repair did. */
export interface Repaired {
  readonly id: string
  readonly subject: string
  readonly did: string
}

/** All findings, worst first. A check that cannot be done is a finding too. */
export async function examine(look: Look): Promise<readonly Finding[]> {
  const rows = await Promise.all(
    Object.entries(CHECKS).map(async ([name, check]): Promise<readonly Finding[]> => {
      try {
        return await check(look)
      } catch (error) {
        return [notChecked(name, error)]
      }
    }),
  )
  const findings = rows.flat()
  return SEVERITIES.flatMap((severity) => findings.filter((finding) => finding.severity === severity))
}

function notChecked(name: string, error: unknown): Finding {
  const message = `could not be checked: ${error instanceof Error ? error.message : String(error)}`
  const fix = error instanceof MyceliumError ? error.hint : 'mycelium daemon logs'
  return { id: 'check-failed', severity: 'warning', subject: name, message, fix }
}

/** Does the repairs there are, each once, while no other command changes anything. One that fails says so, and its finding stays. */
export async function repairAll(
  findings: readonly Finding[],
  { paths, clock }: Look,
): Promise<readonly Repaired[]> {
  const first = new Map<unknown, Finding>()
  for (const finding of findings)
    if (finding.repair !== undefined && !first.has(finding.repair)) first.set(finding.repair, finding)
  if (first.size === 0) return []
  const repaired: Repaired[] = []
  // Directories first: a run directory that is open to others is refused by whatever comes next.
  const [own, others] = [true, false].map((isMode) =>
    [...first.values()].filter(({ id }) => id.endsWith('-open') === isMode),
  )
  for (const finding of own!) repaired.push(await repairOne(finding))
  if (others!.length === 0) return repaired
  await runAlone(
    paths,
    async () => {
      for (const finding of others!) repaired.push(await repairOne(finding))
    },
    { clock },
  )
  return repaired
}

async function repairOne({ id, subject, repair }: Finding): Promise<Repaired> {
  try {
    return { id, subject, did: await repair!() }
  } catch (error) {
    return { id, subject, did: `not done: ${error instanceof Error ? error.message : String(error)}` }
  }
}
