import { lstatSync, readdirSync, realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fitsName, meets } from './glob.ts'
import type { Lookup } from './guard-file.ts'
import type { Scope, Value } from './shell-commands.ts'

/** One name in a directory. */
export interface Entry {
  readonly name: string
  readonly kind: 'file' | 'directory' | 'other'
}

/** What is asked of the machine while a command is judged. */
export interface ShellWorld {
  readonly lookup: Lookup
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Undefined where it cannot be listed. */
  list(directory: string): readonly Entry[] | undefined
}

/** Directories that are listed for one command; an agent waits. */
const MAX_LISTED = 400

/** The machine's own file system. */
export function realWorld(lookup: Lookup, cwd: string, env: ShellWorld['env']): ShellWorld {
  let listed = 0
  return {
    lookup,
    cwd,
    env,
    list: (directory) => {
      listed += 1
      if (listed > MAX_LISTED) return undefined
      try {
        return readdirSync(directory, { withFileTypes: true }).map((entry) => ({
          name: entry.name,
          kind: entry.isFile() ? 'file' : entry.isDirectory() ? 'directory' : 'other',
        }))
      } catch {
        return undefined
      }
    },
  }
}

/** The hidden path that a path leads to, by its words or by links. */
export function hiddenAt(path: string, { lookup }: Pick<ShellWorld, 'lookup'>): string | undefined {
  const own = lookup.hidden(path)
  if (own !== undefined) return own
  try {
    // Most paths have no link in them: two calls of the system at most.
    if (lstatSync(path) === undefined) return undefined
    const real = realpathSync(path)
    return real === path ? undefined : lookup.hidden(real)
  } catch {
    return undefined
  }
}

/** The hidden path that a value of a word names or, with a wild card, would name. */
export function hiddenBy(value: Value, scope: Scope, world: ShellWorld): string | undefined {
  if (value.text === '' || value.text.includes('\0')) return undefined
  const from = scope.cwd ?? world.cwd
  if (value.glob === undefined) return hiddenAt(resolve(from, value.text), world)
  return hiddenByGlob(value.glob, from, world)[0]
}

/** Hidden paths that a pattern would name, at most so many. */
export function hiddenByGlob(
  glob: string,
  from: string,
  { lookup }: ShellWorld,
  limit = 1,
): readonly string[] {
  const { project, files, directories } = lookup.guard
  const pattern = absolutePattern(glob, from)
  // Thousands of files may be hidden: what the plain part rules out is not compared further.
  const plain = /^[^*?[\\]*/.exec(pattern)![0]
  const found: string[] = []
  const look = (paths: readonly string[], how: 'itself' | 'inside'): void => {
    for (const path of paths) {
      if (found.length >= limit) return
      const whole = `${project}/${path}`
      if ((whole.startsWith(plain) || plain.startsWith(whole)) && meets(whole, pattern) === how)
        found.push(path)
    }
  }
  look(directories, 'inside')
  look(files, 'itself')
  return found
}

/** A pattern from the root, without `.` and `..`; wild cards are never followed by `..` in practice. */
function absolutePattern(glob: string, from: string): string {
  const parts: string[] = []
  const escapedFrom = from.replace(/[\\*?[\]]/g, '\\$&')
  for (const part of (glob.startsWith('/') ? glob : `${escapedFrom}/${glob}`).split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') parts.pop()
    else parts.push(part)
  }
  return `/${parts.join('/')}`
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
