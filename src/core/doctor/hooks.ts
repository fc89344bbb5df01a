import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { valueAt } from '../clients/document.ts'
import { hookedEvents } from '../clients/hook-edit.ts'
import { type HookHost, hookHosts } from '../clients/hook-hosts.ts'
import { isQuietStale, writeQuiet } from '../clients/install-hooks.ts'
import { readDocument } from '../clients/syntaxes.ts'
import { readConfig } from '../config/config-text.ts'
import { MyceliumError } from '../errors.ts'
import { quietPath } from '../launch/quiet.ts'
import { namesIn } from '../names-in.ts'
import type { Finding, Look } from './finding.ts'

const INIT = 'mycelium init --hooks'
/** A session that began before the hooks were installed does not know them. */
const GRACE_MS = 3_600_000
const MAX_PROJECTS = 500

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
  const root = text.trim() === '' ? undefined : readDocument(text, 'json', host.file)
  const called = root === undefined ? [] : hookedEvents(text, quiet, host.file)
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
  const disabled = root && valueAt(root, 'disableAllHooks')
  if (disabled?.kind === 'other' && disabled.value === true)
    findings.push({
      id: 'hooks-disabled',
      severity: 'warning',
      subject,
      message: `"disableAllHooks" is set in ${host.file}`,
      fix: `edit ${host.file}`,
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
  const workedMs = newestTranscript(dirname(host.file))
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
function newestTranscript(directory: string): number {
  const projects = join(directory, 'projects')
  const files = namesIn(projects)
    .slice(0, MAX_PROJECTS)
    .flatMap((project) =>
      namesIn(join(projects, project))
        .filter((name) => name.endsWith('.jsonl'))
        .map((name) => join(projects, project, name)),
    )
  return Math.max(0, ...files.map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0))
}
