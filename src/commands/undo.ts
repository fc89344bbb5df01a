import { namedClients } from '../core/clients/client-lookup.ts'
import type { Problem } from '../core/clients/discover.ts'
import type { Left } from '../core/clients/left-behind.ts'
import { anythingOfOurs } from '../core/clients/our-files.ts'
import { whereFrom } from '../core/clients/places.ts'
import { redacted } from '../core/clients/redact.ts'
import { type Undone, undo } from '../core/clients/undo.ts'
import { previewUndo, type UndoneFile, undoTargets } from '../core/clients/undo-targets.ts'
import { isForeignRun, type Paths, pathsOf, rootFrom } from '../core/config/paths.ts'
import { runAlone } from '../core/daemon/alone.ts'
import { stopDaemon } from '../core/daemon/connect.ts'
import type { MyceliumError } from '../core/errors.ts'
import { shellQuote } from '../core/launch/render.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'
import { exitCodeAfter, problemRows, problemText } from '../core/report/problems.ts'
import { unifiedDiff } from '../core/report/unified-diff.ts'

/** `mycelium undo`. */
export interface UndoOptions {
  readonly client?: readonly string[]
  readonly dryRun?: boolean
  readonly keepUsage?: boolean
  readonly json?: boolean
}

/** Takes every edit back and, when no client is left, removes the rest. Resolves to the exit code. */
export async function runUndo(io: Io, options: UndoOptions): Promise<number> {
  const where = whereFrom(io.env, io.cwd)
  const paths = pathsOf(rootFrom(io.env))
  const only =
    (options.client ?? []).length === 0 ? [] : namedClients(options.client ?? []).map((client) => client.id)
  const problems: Problem[] = []
  const present = anythingOfOurs(paths)
  if (options.dryRun) {
    const targets = undoTargets(where, paths, only, problems)
    const previews = previewUndo(targets, where, paths, problems)
    for (const { file, format, before, after, isPatterns } of options.json ? [] : previews) {
      const shown = (text: string) => (isPatterns ? text : redacted(text, format, file))
      const texts = [shown(before), shown(after)] as const
      io.write(unifiedDiff(file, ...texts, io.paint.stdout))
    }
    return report(io, options, { files: previews, problems, removed: false, daemonStopped: false }, present)
  }
  const takeBack = () =>
    undo(undoTargets(where, paths, only, problems), where, paths, stopReachable, {
      signal: io.signal,
      keepUsage: options.keepUsage,
    })
  // It is the way out, also where nothing else works any more.
  const withoutLock = ({ message }: MyceliumError) =>
    io.talk(`goes on without keeping other mycelium commands out: ${message}\n`)
  const undone = present ? await runAlone(paths, takeBack, { withoutLock }) : await takeBack()
  return report(io, options, { ...undone, problems: [...problems, ...undone.problems] }, present)
}

async function stopReachable(paths: Paths): Promise<boolean> {
  return isForeignRun(paths) ? false : stopDaemon(paths)
}

function report(io: Io, options: UndoOptions, undone: Undone, present: boolean): number {
  const { files, problems, removed, daemonStopped } = undone
  if (options.json) {
    io.write(
      jsonText({
        dryRun: options.dryRun === true,
        files: files.map(({ file, clients, outcome, servers }) => ({ file, clients, outcome, servers })),
        removed,
        daemonStopped,
        records: undone.records ?? null,
        settings: undone.left?.settings ?? null,
        problems: problemRows(problems),
      }),
    )
  } else {
    for (const file of files) io.write(`${file.file}: ${SENTENCES[file.outcome]}\n`)
    io.talk(problemText(problems, io.paint.stderr))
    io.write(
      options.dryRun ? 'dry run: nothing was changed\n' : lastLine(undone, present) + leftText(undone.left),
    )
  }
  return exitCodeAfter(problems)
}

const SENTENCES: Readonly<Record<UndoneFile['outcome'], string>> = {
  restored: 'as it was, byte for byte',
  merged: 'it had changed meanwhile; our edits were taken back and the other changes kept',
  clean: 'nothing of ours was in it any more; left as it is',
  missing: 'it is gone meanwhile; not made anew',
}

/** The promise is that nothing stays unless it is said, with the way to be rid of it. */
function leftText(left: Left | undefined): string {
  if (left === undefined) return ''
  const { settings, removable, others } = left
  const own =
    settings === undefined
      ? ''
      : `your own settings stay: ${settings}\n  next: rm ${removable === settings ? '' : '-r '}${shellQuote(removable ?? settings)}\n`
  return own + others.map((path) => `${path} stays: mycelium did not make it\n`).join('')
}

function lastLine(
  { files, problems, removed, daemonStopped, stays, records }: Undone,
  present: boolean,
): string {
  const daemon = daemonStopped ? ', daemon stopped' : ''
  const usage =
    records === undefined
      ? ''
      : records === 'kept'
        ? '; recorded usage stays'
        : ', and recorded usage with them'
  if (files.length === 0 && problems.length > 0 && stays !== undefined) return 'nothing was undone\n'
  if (stays === 'failed') return 'launchers and daemon stay until mycelium undo has done the rest\n'
  if (files.length === 0 && (stays === 'in use' || !present)) return 'nothing to undo\n'
  if (stays === 'in use') return 'launchers and daemon stay: other configs still use them\n'
  return removed
    ? `launchers, registry, backups and sockets removed${usage}${daemon}\n`
    : `everything else of mycelium is removed${usage}${daemon}\n`
}
