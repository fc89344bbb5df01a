import { removeIfEmpty } from '../clients/our-files.ts'
import { MyceliumError } from '../errors.ts'
import {
  blockIn,
  cronProgram,
  cronProgramPath,
  crontabBlock,
  withBlock,
  withoutBlock,
} from './crontab-block.ts'
import { instanceOf, type JobSet, makeJobsDirectory } from './job-set.ts'
import { carryOutFiles, fileChange } from './planned-files.ts'
import { type Change, callTool, type Ground, refusal, type Scheduler, toolPath } from './scheduler.ts'

/** Another program may write the crontab between our reading and writing of it: then the edit is made anew, so often at most. */
const MAX_TRIES = 5
/** What crons say of a user who has none: Vixie's and its kin, busybox's. */
const NO_CRONTAB = /no crontab for|can't open .*: No such file/i
/** What Debian's says of a text that one written into its spool directory may be. */
const WANTS_LINE_END = /missing newline|newline before EOF/i

/** Lines in the user's crontab, and the program that they call. */
export const cron: Scheduler = {
  name: 'cron',
  missing: (ground) =>
    toolPath('crontab', ground) === undefined ? 'crontab is not on this machine' : undefined,
  changes: async (set, ground) => {
    const instance = instanceOf(ground.paths)
    const crontab = await readCrontab(ground)
    const before = crontab === undefined ? undefined : blockIn(crontab, instance)
    const after = set === undefined ? undefined : bytesOf(crontabBlock(set, ground.paths, instance))
    const block: Change = {
      path: 'crontab',
      before: before === undefined ? undefined : textOf(before),
      after: after === undefined ? undefined : textOf(after),
    }
    return [programChange(set, ground), block]
  },
  apply: async (set, ground) => {
    const program = programChange(set, ground)
    const instance = instanceOf(ground.paths)
    const block = set === undefined ? undefined : bytesOf(crontabBlock(set, ground.paths, instance))
    // A line never calls what is not there: the program comes first and goes last.
    if (set !== undefined) {
      // One that refuses to be read leaves nothing of ours behind.
      await readCrontab(ground)
      makeJobsDirectory(ground.paths)
      carryOutFiles([program], 0o700)
    }
    // Without cron there is no crontab to ask for, and none of its lines does anything.
    if (set === undefined && cron.missing(ground) !== undefined) return removeProgram(program, ground)
    await editCrontab(
      (crontab) =>
        block === undefined ? withoutBlock(crontab, instance) : withBlock(crontab, block, instance),
      ground,
    )
    if (set === undefined) removeProgram(program, ground)
  },
}

function removeProgram(program: Change, { paths }: Ground): void {
  carryOutFiles([program])
  removeIfEmpty(paths.jobs)
}

function programChange(set: JobSet | undefined, { paths }: Ground): Change {
  return fileChange(cronProgramPath(paths), set === undefined ? undefined : cronProgram(set.program))
}

/** The user's crontab, a character for each byte; undefined where there is none. Throws scheduler_missing, scheduler_refused. */
async function readCrontab(ground: Ground): Promise<string | undefined> {
  const result = await callTool('crontab', ['-l'], ground)
  if (result.code === 0) return result.stdout.toString('latin1')
  if (NO_CRONTAB.test(result.stderr)) return undefined
  throw refusal('crontab -l', result)
}

async function editCrontab(edit: (crontab: string) => string, ground: Ground): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const before = await readCrontab(ground)
    const after = edit(before ?? '')
    if (after === (before ?? '')) return
    // Nothing locks a crontab: looked at once more right before it is replaced.
    if ((await readCrontab(ground)) !== before) continue
    await writeCrontab(after, ground)
    const now = (await readCrontab(ground)) ?? ''
    if (edit(now) === now) return
  }
  throw new MyceliumError('config_changed', 'another program keeps changing the crontab')
}

async function writeCrontab(text: string, ground: Ground): Promise<void> {
  // One without lines would stay as an empty file where there was none; cron does nothing by either.
  if (text === '') {
    const removed = await callTool('crontab', ['-r'], ground)
    if (removed.code !== 0 && !NO_CRONTAB.test(removed.stderr)) throw refusal('crontab -r', removed)
    return
  }
  const input = Buffer.from(text, 'latin1')
  let written = await callTool('crontab', ['-'], ground, { input })
  if (written.code !== 0 && WANTS_LINE_END.test(written.stderr) && !text.endsWith('\n'))
    written = await callTool('crontab', ['-'], ground, { input: Buffer.concat([input, Buffer.from('\n')]) })
  if (written.code !== 0) throw refusal('crontab', written)
}

function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1')
}

function textOf(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
