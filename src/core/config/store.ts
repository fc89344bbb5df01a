import { randomBytes } from 'node:crypto'
import { copyFileSync, linkSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { hasErrno, MyceliumError } from '../errors.ts'
import { readConfig, requireWritable } from './config-text.ts'
import { editedText, type SettingChanges } from './settings-edit.ts'
import { objectIn } from './settings-file.ts'
import { realPathOrSelf, writeFailure } from './write-file.ts'

/**
 * Makes changes to a settings file, all or none; the caller has the turn (daemon/alone.ts). Follows a link to the file it names. Returns
 * whether the file changed. Throws config_invalid, config_unreadable, config_read_only or write_failed, and the file is as it was then.
 */
export async function storeSettings(file: string, changes: SettingChanges): Promise<boolean> {
  const before = readConfig(file)
  if (before === undefined) refuseDeadLink(file)
  const text = editedText(before?.text ?? '', changes, file)
  if (text === (before?.text ?? '') || (before === undefined && isEmpty(text))) return false
  const target = realPathOrSelf(file)
  try {
    if (before !== undefined) requireWritable(target)
    await write(target, text)
  } catch (cause) {
    if (!(cause instanceof MyceliumError) || cause.code !== 'config_read_only') throw cause
    throw new MyceliumError('config_read_only', cause.message, {
      hint: `make ${target} and its directory writable`,
      cause,
    })
  }
  return true
}

/**
 * conf writes and renames. It does not look at how much of a long text reached a disk that was full, and under a SNAP variable (any terminal
 * in an editor from a snap) it writes in place. So that variable is away meanwhile, and a second link keeps the old file until the new one
 * was read back: putting it back is a rename, which needs no space.
 */
async function write(target: string, text: string): Promise<void> {
  // Loading it takes as long as everything else that a command does, so only a write does.
  const { default: Conf } = await import('conf')
  const old = `${target}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`
  const { SNAP } = process.env
  delete process.env.SNAP
  try {
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 })
    const kept = keep(target, old)
    const conf = new Conf({
      cwd: dirname(target),
      configName: basename(target),
      fileExtension: '',
      clearInvalidConfig: false,
      configFileMode: 0o600,
      deserialize: (found) => objectIn(found, target),
      // Only what was asked for changes: conf alone would lay out the file anew and round what it does not know.
      serialize: () => text,
    })
    conf.store = objectIn(text, target)
    if (readFileSync(target, 'utf8') === text) return
    if (kept) renameSync(old, target)
    else rmSync(target)
    throw new MyceliumError('write_failed', `${target} was not written: the disk took only a part`)
  } catch (cause) {
    throw writeFailure(target, cause)
  } finally {
    rmSync(old, { force: true })
    if (SNAP !== undefined) process.env.SNAP = SNAP
  }
}

/** Whether there was a file to keep. */
function keep(target: string, old: string): boolean {
  try {
    linkSync(target, old)
    return true
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return false
    // Some file systems have no second links.
    if (!hasErrno(error, 'EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK')) throw error
    copyFileSync(target, old)
    return true
  }
}

/** Writing through it would replace the link, and the user keeps the file elsewhere. */
function refuseDeadLink(file: string): void {
  if (lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return
  throw new MyceliumError('config_unreadable', `${file} is a link to a file that is not there`, {
    hint: 'make that file or remove the link, then run it again',
  })
}

function isEmpty(text: string): boolean {
  return text.trim() === '{}'
}
