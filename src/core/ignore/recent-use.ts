import { statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { namesIn } from '../names-in.ts'
import { readRegular } from '../regular-file.ts'

/** A longer transcript is looked at only from its end. */
const MAX_TRANSCRIPT_BYTES = 32 * 1024 * 1024

/**
 * Files below a project that Claude Code read, edited or wrote in its last sessions there, by its own transcripts (facts: one JSON value a
 * line, tools in assistant messages). Nothing else is taken from them. What cannot be read says nothing. Beside what the event store knows of all
 * clients (usage/recent-files.ts): this holds without DuckDB, and for sessions that were not taken in yet.
 */
export function recentlyUsed(
  claudeDirectory: string,
  project: string,
  sessions: number,
): ReadonlySet<string> {
  const directory = join(claudeDirectory, 'projects', project.replace(/[^a-zA-Z0-9]/g, '-'))
  const newest = namesIn(directory)
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => join(directory, name))
    .map((file) => ({ file, at: statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.at - a.at)
    .slice(0, sessions)
  return new Set(newest.flatMap(({ file }) => usedIn(file, project)))
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
