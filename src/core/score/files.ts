import { type Dirent, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { hasErrno, MyceliumError } from '../errors.ts'
import { isRepository, type Rules, rulesAt, withRulesOf } from './gitignore.ts'

/** A file as it is on disk; enough to know whether it is the one that was read before. */
export interface FoundFile {
  /** Below the root, with `/`. */
  readonly path: string
  readonly bytes: number
  /** Changes with the content, also when the modification time was set back: size, both times and the inode. */
  readonly stamp: string
}

/** What a walk found. */
export interface Walk {
  readonly files: readonly FoundFile[]
  /** Directories and files that could not be read. */
  readonly unreadable: readonly string[]
}

/** Never looked into, whatever .gitignore says: other tools' stores, not the repository's. */
const STORES = new Set(['.git', '.hg', '.svn', '.jj', 'node_modules', '.venv', '__pycache__', '.mycelium'])
/** A tree of more is not one repository; home directories and roots are. */
const MAX_FILES = 200_000

/**
 * All regular files below a directory that git would not ignore, in the order of their paths; without git, what .gitignore files say counts all
 * the same. Links are not followed, and inside a repository neither are repositories in it (submodules too): git keeps them apart, and so does
 * their history. `userExcludes` is the file of the user's own rules. Throws path_missing when there is no such directory and too_many_files above 200,000.
 */
export function filesBelow(root: string, userExcludes?: string): Walk {
  const walk = { files: [] as FoundFile[], unreadable: [] as string[] }
  visit(root, '', rulesAt(root, userExcludes), walk)
  walk.files.sort(byPath)
  return walk
}

/** A walk with what git keeps though a rule would have it ignored: rules are for what is not kept yet. Throws too_many_files. */
export function withTracked(root: string, { files, unreadable }: Walk, tracked: readonly string[]): Walk {
  const found = new Set([...files.map(({ path }) => path), ...unreadable])
  const more = { files: [...files], unreadable: [...unreadable] }
  for (const path of new Set(tracked))
    if (!found.has(path) && !path.split('/').some((name) => STORES.has(name)) && isFile(`${root}/${path}`))
      add(root, path, more)
  if (more.files.length === files.length) return { files, unreadable }
  more.files.sort(byPath)
  return more
}

function byPath(a: FoundFile, b: FoundFile): number {
  return a.path < b.path ? -1 : 1
}

/** Not of a file that was deleted, nor of a submodule or link. */
function isFile(file: string): boolean {
  try {
    return lstatSync(file).isFile()
  } catch {
    // The walk has named the directory that may not be read.
    return false
  }
}

function visit(
  root: string,
  below: string,
  above: Rules,
  walk: { files: FoundFile[]; unreadable: string[] },
): void {
  const dir = join(root, below)
  const entries = entriesOf(dir, below, walk.unreadable)
  if (below !== '' && above.inRepository && entries.some(({ name }) => name === '.git') && isRepository(dir))
    return
  // Git follows no link here, and waiting for a pipe would take for ever.
  const hasOwn = entries.some((entry) => entry.name === '.gitignore' && entry.isFile())
  const rules = hasOwn ? withRulesOf(above, join(dir, '.gitignore'), above.rootFromTop + below) : above
  for (const entry of entries) {
    const path = below + entry.name
    if (entry.isDirectory()) {
      if (!STORES.has(entry.name) && !isIgnored(`${path}/`, rules)) visit(root, `${path}/`, rules, walk)
      // Work trees and submodules have a file of that name.
    } else if (entry.isFile() && entry.name !== '.git' && !isIgnored(path, rules)) add(root, path, walk)
  }
}

function isIgnored(path: string, { rootFromTop, ignore }: Rules): boolean {
  return ignore.ignores(rootFromTop + path)
}

function add(root: string, path: string, walk: { files: FoundFile[]; unreadable: string[] }): void {
  if (walk.files.length >= MAX_FILES)
    throw new MyceliumError('too_many_files', `more than ${MAX_FILES} files below ${root}`)
  try {
    // Not join, which normalizes: nothing here needs it, and it is most of the time besides the system's.
    const stat = lstatSync(`${root}/${path}`)
    const stamp = `${stat.size}.${stat.mtimeMs}.${stat.ctimeMs}.${stat.ino}`
    walk.files.push({ path, bytes: stat.size, stamp })
  } catch {
    // Gone since the directory was read.
    walk.unreadable.push(path)
  }
}

function entriesOf(dir: string, below: string, unreadable: string[]): readonly Dirent[] {
  try {
    return readdirSync(dir, { withFileTypes: true })
  } catch (error) {
    if (below === '' && hasErrno(error, 'ENOENT', 'ENOTDIR'))
      throw new MyceliumError('path_missing', `${dir} is no directory`)
    unreadable.push(below || '.')
    return []
  }
}
