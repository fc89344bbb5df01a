import { lstatSync } from 'node:fs'
import { resolve } from 'node:path'
import { meets } from './glob.ts'
import { type Guard, lookupIn } from './guard-file.ts'
import { judgeShell } from './shell-reads.ts'
import { quoted } from './shell-searches.ts'
import { hiddenAt, hiddenBelow, realWorld, type ShellWorld } from './shell-world.ts'

/** One use of a tool, as a client puts it to its hook. */
export interface ToolUse {
  readonly tool: string
  readonly input: unknown
  /** Where the agent stands. */
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** A search that meets hidden files, too: nothing that its client holds to leaves them out. */
  readonly unfiltered?: boolean
}

/** What is to become of it. `input` replaces what the tool was given, whole. */
export type Verdict =
  | { readonly kind: 'pass' }
  | { readonly kind: 'deny'; readonly path: string; readonly reason: string }
  | { readonly kind: 'rewrite'; readonly input: Readonly<Record<string, unknown>>; readonly note: string }

const PASS: Verdict = { kind: 'pass' }
/** Tools of Claude Code that open one file, by the name of its path. */
const FILE_TOOLS: Readonly<Record<string, string>> = {
  Read: 'file_path',
  Edit: 'file_path',
  MultiEdit: 'file_path',
  Write: 'file_path',
  NotebookRead: 'notebook_path',
  NotebookEdit: 'notebook_path',
}
/** Bounds on what is looked at in the input of a tool of an MCP server. */
const MAX_DEPTH = 6
const MAX_TEXTS = 2_000
const MAX_PATH_CHARS = 4_096

/**
 * Whether a tool may be used as it asks to be. Never throws for what the input looks like: what is not understood passes, because an agent that
 * cannot work costs more than a file that it reads in vain.
 */
export function judgeTool({ tool, input, cwd, env, unfiltered }: ToolUse, guard: Guard): Verdict {
  const lookup = lookupIn(guard)
  const world = realWorld(lookup, cwd, env)
  const fields = Object(input) as Readonly<Record<string, unknown>>
  const hiddenIn = (text: unknown): string | undefined =>
    typeof text === 'string' && text !== '' ? hiddenAt(resolve(cwd, text), world) : undefined
  const deny = (path: string | undefined): Verdict =>
    path === undefined ? PASS : { kind: 'deny', path, reason: reasonFor(path) }
  const fileKey = Object.hasOwn(FILE_TOOLS, tool) ? FILE_TOOLS[tool] : undefined
  if (tool === 'Write' && typeof fields.file_path === 'string' && !exists(resolve(cwd, fields.file_path)))
    return PASS
  if (fileKey !== undefined) return deny(hiddenIn(fields[fileKey]))
  if (tool === 'LS') return deny(hiddenIn(fields.path))
  if (tool === 'Grep') {
    // A glob without a slash is met anywhere.
    const pattern = typeof fields.glob === 'string' && fields.glob.includes('/') ? fields.glob : undefined
    const path = hiddenIn(fields.path) ?? insideOf({ path: fields.path, pattern }, cwd, world)
    if (path !== undefined || !unfiltered) return deny(path)
    const [met] = hiddenBelow(typeof fields.path === 'string' ? resolve(cwd, fields.path) : cwd, world)
    return met === undefined ? PASS : { kind: 'deny', path: met, reason: reasonFor(met, 'this search', true) }
  }
  if (tool === 'Glob') return deny(hiddenIn(fields.path) ?? insideOf(fields, cwd, world))
  if (tool === 'Bash' && typeof fields.command === 'string') {
    const verdict = judgeShell(fields.command, world)
    if (verdict.kind === 'pass') return PASS
    if (verdict.kind === 'deny')
      return {
        kind: 'deny',
        path: verdict.path,
        reason: reasonFor(verdict.path, verdict.program, verdict.wide),
      }
    const note = 'mycelium left files out of this search that are hidden from agents: mycelium ignore status'
    return { kind: 'rewrite', input: { ...fields, command: verdict.command }, note }
  }
  if (tool.startsWith('mcp__')) return deny(firstHidden(input, hiddenIn))
  return PASS
}

/** The same by several guards: one that refuses is enough, and what one has rewritten is judged by the next. */
export function judgeAll(use: ToolUse, guards: readonly Guard[]): Verdict {
  let verdict: Verdict = PASS
  let { input } = use
  // From the outermost in: what one spells out the next may spell out further.
  const ordered = [...new Map(guards.map((guard) => [guard.project, guard])).values()].sort(
    (a, b) => a.project.length - b.project.length,
  )
  for (const guard of ordered) {
    const own = judgeTool({ ...use, input }, guard)
    if (own.kind === 'deny') return own
    if (own.kind === 'pass') continue
    verdict = own
    input = own.input
  }
  return verdict
}

/** A pattern that can only be met inside of what is hidden. */
function insideOf(
  fields: Readonly<Record<string, unknown>>,
  cwd: string,
  { lookup, real }: ShellWorld,
): string | undefined {
  if (typeof fields.pattern !== 'string') return undefined
  const from = real(typeof fields.path === 'string' ? resolve(cwd, fields.path) : cwd)
  const pattern = resolve(from, fields.pattern)
  const { project, directories, files } = lookup.guard
  const plain = pattern.replace(/\/[^/]*[*?[{].*$/, '')
  if (plain !== pattern) return lookup.hidden(plain) ?? lookup.hidden(real(plain))
  return [...directories, ...files].find((path) => meets(`${project}/${path}`, pattern) !== undefined)
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

/** Keys of what is said or written, which names no file to open. */
const CONTENT =
  /^(content|contents|text|body|message|description|title|prompt|query|question|code|value|values|label|labels|(old|new)_?(str|string|text|content))$/i
/** Keys under which a single name may be a path. */
const PATH_KEY =
  /path|file|dir|folder|ur[il]$|^(src|source|target|dest|destination|root|from|to|name|names)$/i

/** The first text in the input of a tool that is the path of something hidden, as a path or as a file: URL. */
function firstHidden(input: unknown, hiddenIn: (text: unknown) => string | undefined): string | undefined {
  let texts = 0
  const look = (value: unknown, depth: number, key: string): string | undefined => {
    if (typeof value === 'string') {
      texts += 1
      if (texts > MAX_TEXTS || value.length > MAX_PATH_CHARS || value.includes('\n')) return undefined
      if (!value.includes('/') && !PATH_KEY.test(key)) return undefined
      return hiddenIn(value.startsWith('file://') ? pathOfUrl(value) : value)
    }
    if (typeof value !== 'object' || value === null || depth === MAX_DEPTH) return undefined
    for (const [own, one] of Object.entries(value)) {
      // What is in a list has the key of the list.
      const named = Array.isArray(value) ? key : own
      if (CONTENT.test(named)) continue
      const found = look(one, depth + 1, named)
      if (found !== undefined) return found
    }
    return undefined
  }
  return look(input, 0, '')
}

function pathOfUrl(url: string): string {
  try {
    return decodeURIComponent(new URL(url).pathname)
  } catch {
    return ''
  }
}

/** What an agent is told: a fact, and how its user opens the file. */
export function reasonFor(path: string, program?: string, wide = false): string {
  const what =
    program === undefined
      ? `${path} is hidden from agents by mycelium: it is judged to be of little worth here.`
      : `${program} would read ${path}${wide ? ', and perhaps others' : ''}, hidden from agents by mycelium as of little worth here.`
  const around = wide
    ? ' Name the files, or search with rg or git grep: hidden files are left out of them.'
    : ''
  return `${what}${around} If it is needed, ask the user to run: mycelium ignore allow ${quoted(path)} (or to put !/${path} into .claudeignore and run mycelium ignore write).`
}
