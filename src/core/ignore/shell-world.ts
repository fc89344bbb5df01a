import { existsSync, lstatSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { fitsName, meets } from './glob.ts'
import type { Lookup } from './guard-file.ts'
import type { Scope, Value } from './shell-scope.ts'

/** One name in a directory. */
export interface Entry {
  readonly name: string
  readonly kind: 'file' | 'directory' | 'link' | 'other'
}

/** What is asked of the machine while a command is judged. */
export interface ShellWorld {
  readonly lookup: Lookup
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Comparisons of a path with a pattern that are left for this judgement; when they are spent, what is not yet found passes. */
  readonly budget: { steps: number }
  /** Undefined where it cannot be listed. */
  list(directory: string): readonly Entry[] | undefined
  /** With links followed, as far as it exists. */
  real(path: string): string
  isDirectory(path: string): boolean
  exists(path: string): boolean
}

/** Directories that are listed for one command; an agent waits. */
const MAX_LISTED = 400
/** About 0.2 s. */
const MAX_STEPS = 400_000

/** The machine's own file system. */
export function realWorld(lookup: Lookup, cwd: string, env: ShellWorld['env']): ShellWorld {
  let listed = 0
  return {
    lookup,
    cwd,
    env,
    budget: { steps: MAX_STEPS },
    list: (directory) => {
      listed += 1
      if (listed > MAX_LISTED) return undefined
      try {
        return readdirSync(directory, { withFileTypes: true }).map((entry) => ({
          name: entry.name,
          kind: entry.isFile()
            ? 'file'
            : entry.isDirectory()
              ? 'directory'
              : entry.isSymbolicLink()
                ? 'link'
                : 'other',
        }))
      } catch {
        return undefined
      }
    },
    real: realPaths(),
    exists: existsSync,
    isDirectory: (path) => {
      try {
        return statSync(path).isDirectory()
      } catch {
        return false
      }
    },
  }
}

/** Longer paths exist nowhere (PATH_MAX). */
const MAX_PATH_CHARS = 4_096

/** Paths with links followed. The deepest directory that exists says where a new name would be. */
function realPaths(): (path: string) => string {
  const known = new Map<string, string>([['/', '/']])
  const real = (path: string): string => {
    if (path.length > MAX_PATH_CHARS) return path
    const before = known.get(path)
    if (before !== undefined) return before
    const plain = join(real(dirname(path)), basename(path))
    const found = isLink(plain) ? (linkEnd(plain) ?? plain) : plain
    known.set(path, found)
    return found
  }
  return real
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
  } catch {
    return false
  }
}

function linkEnd(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}

/** The hidden path that a path leads to, by its words or by links. */
export function hiddenAt(path: string, world: Pick<ShellWorld, 'lookup' | 'real'>): string | undefined {
  return world.lookup.hidden(path) ?? world.lookup.hidden(world.real(path))
}

/** What is hidden below a path, links followed. */
export function hiddenBelow(path: string, world: ShellWorld): readonly string[] {
  return world.lookup.below(world.real(path))
}

/** The hidden path that a value of a word names or, with a wild card, would name. */
export function hiddenBy(value: Value, scope: Scope, world: ShellWorld): string | undefined {
  if (value.text === '' || value.text.includes('\0')) return undefined
  const from = scope.cwd ?? world.cwd
  if (value.glob === undefined) return hiddenAt(resolve(from, value.text), world)
  return hiddenByGlob(value.glob, from, world)[0]
}

/** The hidden path that a value names where it can be read: it is there, and no directory. */
export function hiddenFileBy(value: Value, scope: Scope, world: ShellWorld): string | undefined {
  const path = hiddenBy(value, scope, world)
  if (path === undefined || value.glob !== undefined) return path
  const real = `${world.lookup.guard.project}/${path}`
  return world.exists(real) && !world.isDirectory(real) ? path : undefined
}

/** Hidden paths that a pattern would name, at most so many. */
export function hiddenByGlob(glob: string, from: string, world: ShellWorld, limit = 1): readonly string[] {
  const { project, files, directories } = world.lookup.guard
  const pattern = absolutePattern(glob, from, world)
  // Thousands of files may be hidden: what the plain part rules out is not compared further.
  const plain = /^[^*?[\\]*/.exec(pattern)![0]
  const last = pattern.slice(pattern.lastIndexOf('/') + 1)
  const found: string[] = []
  const look = (paths: readonly string[], how: 'itself' | 'inside'): void => {
    for (const path of paths) {
      if (found.length >= limit || world.budget.steps <= 0) return
      world.budget.steps -= 1
      const whole = `${project}/${path}`
      if (!whole.startsWith(plain) && !plain.startsWith(whole)) continue
      if (how === 'itself' && last !== '**' && !fitsName(basename(path), last)) continue
      world.budget.steps -= 10
      if (meets(whole, pattern) === how) found.push(path)
    }
  }
  look(directories, 'inside')
  look(files, 'itself')
  return found
}

/** A pattern from the root, without `.` and `..`, the links of its plain part followed; wild cards are never followed by `..` in practice. */
function absolutePattern(glob: string, from: string, world: ShellWorld): string {
  const parts: string[] = []
  const escaped = (path: string) => path.replace(/[\\*?[\]]/g, '\\$&')
  for (const part of (glob.startsWith('/') ? glob : `${escaped(from)}/${glob}`).split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') parts.pop()
    else parts.push(part)
  }
  const wild = parts.findIndex((part) => /[*?[]/.test(part.replace(/\\./g, '')))
  const head = parts.slice(0, wild < 0 ? parts.length - 1 : wild)
  const real = world.real(`/${head.join('/').replace(/\\(.)/g, '$1')}`)
  return `${real === '/' ? '' : escaped(real)}/${parts.slice(head.length).join('/')}`
}

/** What a shell would make of a pattern, as it would spell it, sorted; undefined where that is not certain. */
export function expandGlob(glob: string, from: string, world: ShellWorld): readonly string[] | undefined {
  if (glob.includes('**')) return undefined
  let found: readonly { text: string; path: string }[] = [
    glob.startsWith('/') ? { text: '/', path: '/' } : { text: '', path: from },
  ]
  const parts = glob.split('/').filter((part, i) => part !== '' || i > 0)
  for (const [i, part] of parts.entries()) {
    const isLast = i === parts.length - 1
    const next: { text: string; path: string }[] = []
    for (const { text, path } of found) {
      const add = (name: string) =>
        next.push({ text: `${text}${name}${isLast ? '' : '/'}`, path: join(path, name) })
      if (!/[*?[]/.test(part.replace(/\\./g, ''))) {
        add(part.replace(/\\(.)/g, '$1'))
        continue
      }
      const entries = world.list(path)
      if (entries === undefined) return undefined
      for (const { name, kind } of entries) if (fitsName(name, part) && (isLast || kind !== 'file')) add(name)
    }
    found = next
  }
  return found.map(({ text }) => text).sort()
}

/** Whether a link somewhere below a directory leads to something hidden, or to what holds some. Not found in very large trees. */
export function linksInto(directory: string, world: ShellWorld): boolean {
  const entries = world.list(directory) ?? []
  return entries.some(({ name, kind }) => {
    const path = directory === '/' ? `/${name}` : `${directory}/${name}`
    if (kind === 'directory') return linksInto(path, world)
    if (kind !== 'link') return false
    const real = world.real(path)
    return world.lookup.hidden(real) !== undefined || world.lookup.below(real).length > 0
  })
}
