import { statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { namesIn } from '../names-in.ts'
import { readRegular } from '../regular-file.ts'

/** A longer transcript is looked at only from its end. */
const MAX_TRANSCRIPT_BYTES = 32 * 1024 * 1024

/** Directories of transcripts that are looked at for one project: its own and those of directories below it. */
const MAX_DIRECTORIES = 200
/** So many transcripts are read for each session that counts. */
const MAX_NEIGHBOURS = 5
/** Sub-agents of one session that are looked at. */
const MAX_AGENTS = 100

/**
 * Files below a project that Claude Code and its sub-agents read, edited or wrote in its last sessions there or in a directory below, by its own
 * transcripts (one JSON value a line, tools in assistant messages; those of sub-agents in `SESSION/subagents/`). Nothing else is taken from them.
 * What cannot be read says nothing. Beside what the event store knows of all clients (usage/recent-files.ts): this holds without DuckDB, and for
 * sessions that were not taken in yet.
 */
export function recentlyUsed(
  claudeDirectory: string,
  project: string,
  sessions: number,
): ReadonlySet<string> {
  const projects = join(claudeDirectory, 'projects')
  const own = slugOf(project)
  // A neighbour `work-2` of `work` looks the same: its sessions used nothing in here, and do not count.
  const directories = namesIn(projects).filter((name) => name === own || name.startsWith(`${own}-`))
  const newest = directories
    .slice(0, MAX_DIRECTORIES)
    .flatMap((directory) => namesIn(join(projects, directory)).map((name) => join(projects, directory, name)))
    .filter((file) => file.endsWith('.jsonl'))
    .map((file) => ({ file, at: statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.at - a.at)
  const found = new Set<string>()
  let counted = 0
  for (const { file } of newest.slice(0, sessions * MAX_NEIGHBOURS)) {
    if (counted === sessions) break
    const used = [file, ...agentsOf(file)].flatMap((one) => usedIn(one, project))
    for (const path of used) found.add(path)
    if (used.length > 0 || dirname(file) === join(projects, own)) counted += 1
  }
  return found
}

/** A directory as Claude Code names its transcripts. */
function slugOf(directory: string): string {
  return directory.replace(/[^a-zA-Z0-9]/g, '-')
}

function agentsOf(transcript: string): readonly string[] {
  const directory = join(transcript.slice(0, -'.jsonl'.length), 'subagents')
  return namesIn(directory)
    .filter((name) => name.endsWith('.jsonl'))
    .slice(0, MAX_AGENTS)
    .map((name) => join(directory, name))
}

function usedIn(file: string, project: string): readonly string[] {
  const found: string[] = []
  let text: string
  try {
    const bytes = readRegular(file)
    text = bytes.subarray(Math.max(0, bytes.length - MAX_TRANSCRIPT_BYTES)).toString('utf8')
  } catch {
    return []
  }
  for (const line of text.split('\n')) {
    if (!line.includes('"file_path"') && !line.includes('"notebook_path"')) continue
    for (const [, json] of line.matchAll(/"(?:file_path|notebook_path)"\s*:\s*("(?:[^"\\]|\\.)*")/g)) {
      const path = textOf(json!)
      const own = path?.startsWith('/') ? relative(project, path) : path
      if (own !== undefined && own !== '' && !own.startsWith('..')) found.push(own)
    }
  }
  return found
}

function textOf(json: string): string | undefined {
  try {
    return JSON.parse(json) as string
  } catch {
    return undefined
  }
}
