import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { hookedEvents } from '../clients/hook-edit.ts'
import { type HookHost, hookHosts } from '../clients/hook-hosts.ts'
import { hookHindrance } from '../clients/hook-standing.ts'
import { isQuietStale, writeQuiet } from '../clients/install-hooks.ts'
import { readConfig } from '../config/config-text.ts'
import { MyceliumError } from '../errors.ts'
import { quietPath } from '../launch/quiet.ts'
import { namesIn } from '../names-in.ts'
import type { Finding, Look } from './finding.ts'

const INIT = 'mycelium init --hooks'
/** A session that began before the hooks were installed does not know them. */
const GRACE_MS = 3_600_000
const MAX_DIRECTORIES = 500

/** Hooks: installed, all of them, as this version writes them, and really firing. */
export function checkHooks(look: Look): readonly Finding[] {
  return hookHosts(look.where).flatMap((host) => {
    if (!host.marks.some(existsSync)) return []
    try {
      return hostFindings(host, look)
    } catch (error) {
      if (!(error instanceof MyceliumError)) throw error
      return [
        {
          id: 'hooks-unreadable',
          severity: 'warning',
          subject: host.id,
          message: error.message,
          fix: error.hint,
        },
      ]
    }
  })
}

function hostFindings(host: HookHost, look: Look): readonly Finding[] {
  const { paths, quietText, clock } = look
  const quiet = quietPath(paths)
  const text = readConfig(host.file)?.text ?? ''
  const called = text.trim() === '' ? [] : hookedEvents(text, quiet, host.file)
  const subject = host.id
  if (called.length === 0)
    return [
      {
        id: 'hooks-not-installed',
        severity: 'advice',
        subject,
        message: 'mycelium sees no tool use of its own',
        fix: INIT,
      },
    ]
  const findings: Finding[] = []
  if (isQuietStale(paths, quietText))
    findings.push({
      id: 'hook-program-stale',
      severity: 'warning',
      subject,
      message: `${quiet} is ${existsSync(quiet) ? 'not as this version writes it' : 'gone: hooks do nothing'}`,
      fix: 'mycelium doctor --fix',
      repair: () => {
        writeQuiet(paths, quietText)
        return `${quiet} written`
      },
    })
  const hindrance = hookHindrance(host, text, quiet)
  if (hindrance !== undefined)
    findings.push({
      id: hindrance.kind === 'off' ? 'hooks-disabled' : 'hooks-untrusted',
      severity: 'warning',
      subject,
      message: hindrance.message,
      fix: hindrance.fix,
    })
  const events = called.filter((event) => event !== 'statusLine')
  const missing = host.events.filter(({ event }) => !events.includes(event))
  if (events.length > 0 && missing.length > 0)
    findings.push({
      id: 'hooks-partial',
      severity: 'warning',
      subject,
      message: `not installed for ${missing.map(({ event }) => event).join(', ')}`,
      fix: INIT,
    })
  const firedMs = (look.lastHookAt(host.id) ?? 0) / 1000
  const installedMs = statSync(host.file).mtimeMs
  const workedMs = newestTranscript(host)
  // A store that cannot be asked does not know when.
  if (
    look.storeError === undefined &&
    events.length > 0 &&
    workedMs > Math.max(firedMs, installedMs) + GRACE_MS
  )
    findings.push({
      id: 'hooks-silent',
      severity: 'warning',
      subject,
      message: `it wrote a transcript ${ago(clock.wall() - workedMs)}, but ${firedMs === 0 ? 'no hook has fired yet' : `a hook last fired ${ago(clock.wall() - firedMs)}`}`,
      fix: `tail ${join(paths.log, 'hook.log')}`,
    })
  if (findings.length > 0) return findings
  const fired = firedMs === 0 ? 'none has fired yet' : `the last one fired ${ago(clock.wall() - firedMs)}`
  return [{ id: 'hooks', severity: 'ok', subject, message: `${events.length} installed, ${fired}` }]
}

function ago(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000))
  return minutes < 120 ? `${minutes} min ago` : `${Math.round(minutes / 60)} h ago`
}

/** When the client last wrote down what it did, ms since the epoch; 0 when never. */
function newestTranscript({ transcripts }: HookHost): number {
  const [top, ...rest] = transcripts as readonly [string, ...(string | null)[]]
  const end = rest.pop()!
  let directories = [top]
  for (const name of rest)
    directories = directories
      .flatMap((directory) =>
        (name === null ? [...namesIn(directory)] : [name]).map((one) => join(directory, one)),
      )
      // Where they are named after days, the latest come first.
      .sort((a, b) => (a < b ? 1 : -1))
      .slice(0, MAX_DIRECTORIES)
  const files = directories.flatMap((directory) =>
    namesIn(directory)
      .filter((name) => name.endsWith(end))
      .map((name) => join(directory, name)),
  )
  return Math.max(0, ...files.map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0))
}
