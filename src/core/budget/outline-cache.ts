import { mkdirSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { writeFileAtomic } from '../config/write-file.ts'
import { hasErrno } from '../errors.ts'
import { fingerprint } from '../hash.ts'
import { readRegular } from '../regular-file.ts'
import type { ParsedFile } from '../score/analysis.ts'
import type { AnalyzerFor, Parse } from './source.ts'

/** Where trees come from. */
export interface TreeSource {
  /** The cache. */
  readonly dir: string
  /** A module that exports `analyzerFor`: loaded only for a content that was never seen. */
  readonly parsers: string
  /** How it is loaded: into this process, unless something else is said. */
  readonly parse?: Parse | undefined
}

/** An agent waits for a hook: what takes longer than some tenths of a second is outlined by its lines. */
const MAX_PARSED_CHARS = 256 * 1024

/**
 * The syntax tree of a text, from the cache where its content was seen before; undefined where no parser reads it, whatever the reason, or it is longer than that. The
 * cache holds names, signatures and lines, never a body; removeOld() in line-log.ts ends what nobody asks for.
 */
export async function treeOf(
  path: string,
  text: string,
  content: string,
  { dir, parsers, parse = parsedBy }: TreeSource,
): Promise<ParsedFile | undefined> {
  // Another build of the parsers may say something else of the same text.
  const { size, mtimeMs } = statSync(parsers, { throwIfNoEntry: false }) ?? { size: 0, mtimeMs: 0 }
  const file = join(dir, `${fingerprint([`${size}-${mtimeMs}`, extname(path), content], 32)}.json`)
  const known = cached(file)
  if (known !== undefined) return known
  const parsed = text.length > MAX_PARSED_CHARS ? undefined : await parse(parsers, path, text)
  if (parsed === undefined) return undefined
  try {
    mkdirSync(dir, { mode: 0o700 })
  } catch (error) {
    if (!hasErrno(error, 'EEXIST')) return parsed
  }
  try {
    writeFileAtomic(file, JSON.stringify(parsed))
  } catch {
    // The next one parses again.
  }
  return parsed
}

function cached(file: string): ParsedFile | undefined {
  try {
    const parsed = JSON.parse(readRegular(file).toString('utf8')) as ParsedFile
    return Array.isArray(parsed.outline) ? parsed : undefined
  } catch {
    return undefined
  }
}

/** The syntax tree by a module of parsers. One that is missing, or that breaks on this text, is as good as none, and so is one for so long a text. */
export async function parsedBy(parsers: string, path: string, text: string): Promise<ParsedFile | undefined> {
  if (text.length > MAX_PARSED_CHARS) return undefined
  try {
    const { analyzerFor } = (await import(pathToFileURL(parsers).href)) as { analyzerFor: AnalyzerFor }
    return (await analyzerFor(path))?.parse(path, text)
  } catch {
    return undefined
  }
}
