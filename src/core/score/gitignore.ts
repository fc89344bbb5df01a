import { lstatSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import ignore, { type Ignore } from 'ignore'

/** What git would ignore, as far as it is known at some place of a walk. */
export interface Rules {
  /** From the top of the repository to where the walk began, with `/` at its end; empty where that is the same or there is no repository. */
  readonly rootFromTop: string
  readonly inRepository: boolean
  /** Of paths from the top. One list for all files of rules: a later one may take back what an earlier one said of a directory above it. */
  readonly ignore: Ignore
}

/** As git has it where the file system does not tell `Build` from `build`. */
const OPTIONS = { ignorecase: process.platform === 'darwin' || process.platform === 'win32' }

/** Rules that hold at a directory before its own .gitignore is read: the user's own, .git/info/exclude, and .gitignore files from the top of the repository down. */
export function rulesAt(root: string, userExcludes?: string): Rules {
  const start = resolve(root)
  const top = topOf(start)
  if (top === undefined) return { rootFromTop: '', inRepository: false, ignore: ignore(OPTIONS) }
  const steps = relative(top, start).split(sep).filter(Boolean)
  let rules: Rules = {
    rootFromTop: steps.map((step) => `${step}/`).join(''),
    inRepository: true,
    ignore: ignore(OPTIONS)
      .add(linesIfRegular(userExcludes).join('\n'))
      .add(linesOf(excludeFile(top)).join('\n')),
  }
  for (let i = 0; i < steps.length; i++) {
    const above = steps.slice(0, i)
    const file = join(top, ...above, '.gitignore')
    if (isRegularFile(file)) rules = withRulesOf(rules, file, above.map((step) => `${step}/`).join(''))
  }
  return rules
}

/** These rules and those of a .gitignore; `place` is its directory from the top, with `/` at its end. */
export function withRulesOf(rules: Rules, file: string, place: string): Rules {
  const lines = linesOf(file).flatMap((line) => movedTo(place, line))
  if (lines.length === 0) return rules
  return { ...rules, ignore: ignore(OPTIONS).add(rules.ignore).add(lines.join('\n')) }
}

/** Whether git takes a directory for a repository of its own. */
export function isRepository(dir: string): boolean {
  const mark = join(dir, '.git')
  try {
    if (lstatSync(mark).isDirectory()) return lstatSync(join(mark, 'HEAD')) !== undefined
    return gitDirectoryOf(dir) !== undefined
  } catch {
    return false
  }
}

function topOf(start: string): string | undefined {
  for (let dir = start; ; dir = dirname(dir)) {
    if (isRepository(dir)) return dir
    if (dirname(dir) === dir) return undefined
  }
}

/** Worktrees and submodules have a file in the place of .git that says where it is; worktrees share the excludes of their repository. */
function excludeFile(top: string): string {
  const own = gitDirectoryOf(top) ?? join(top, '.git')
  const [common = ''] = linesOf(join(own, 'commondir'))
  return join(common === '' ? own : resolve(own, common), 'info/exclude')
}

function gitDirectoryOf(dir: string): string | undefined {
  const said = /^gitdir: (.+)/.exec(linesOf(join(dir, '.git'))[0] ?? '')?.[1]
  return said === undefined ? undefined : resolve(dir, said)
}

function isRegularFile(file: string): boolean {
  try {
    return lstatSync(file).isFile()
  } catch {
    return false
  }
}

/** It may be a link, and is wherever the user says: /dev/null, a pipe. */
function linesIfRegular(file: string | undefined): readonly string[] {
  const stat = file === undefined ? undefined : statSync(file, { throwIfNoEntry: false })
  return stat?.isFile() ? linesOf(file!) : []
}

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8')
      .replace(/^\ufeff/, '')
      .split(/\r?\n/)
  } catch {
    return []
  }
}

/** A rule as it would read in the .gitignore at the top; none for a comment or an empty line. */
function movedTo(place: string, line: string): readonly string[] {
  if (/^(#|\s*$)/.test(line)) return []
  if (place === '') return [line]
  const [, not, rule] = /^(!?)(.*)$/s.exec(line)!
  const from = `/${place.replace(/[\\*?[\]! #]/g, '\\$&')}`
  // A slash anywhere but at the end ties a rule to its directory.
  return [/\/(?!\s*$)/.test(rule!) ? `${not}${from}${rule!.replace(/^\//, '')}` : `${not}${from}**/${rule}`]
}
