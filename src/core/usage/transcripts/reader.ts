import type { EventOf, Kind } from '../../events/event.ts'

/** Takes what a reader found. */
export type Emit = <K extends Kind>(kind: K, event: EventOf<K>) => void

/** Where a user's clients keep their files. */
export interface Where {
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** A transcript, or a database of them, that a client left. Plain data: it crosses to worker threads. */
export interface FoundFile {
  readonly client: string
  readonly path: string
  readonly bytes: number
  readonly mtimeMs: number
  /** Earlier files are read first: a forked session holds copies of an earlier one's entries. */
  readonly bornMs: number
  /** What its place says about it, for its reader. */
  readonly hints: Readonly<Record<string, string>>
}

/** What reading one file, or what had come to it, found. */
export interface FileReport {
  readonly bytes: number
  readonly lines: number
  readonly responses: number
  readonly toolUses: number
  /** Records that say nothing about usage, by their type; `overlong` are lines over the limit. */
  readonly skipped: Readonly<Record<string, number>>
  /** Lines that are not JSON objects, and records whose tokens are not numbers from 0. */
  readonly broken: number
}

/** What a reader is given besides the file. */
export interface ReadContext {
  readonly emit: Emit
  /** Resolves when more may be emitted. */
  readonly ready: () => Promise<void>
  readonly onBytes: (bytes: number) => void
  readonly signal: AbortSignal
  /** Microseconds since the epoch. */
  readonly now: number
}

/** One client's transcripts. */
export interface TranscriptReader {
  readonly client: string
  find(where: Where): FoundFile[]
  /**
   * Reads what `known` does not cover, emits it, and then the file's progress; undefined when nothing has come. An abort ends it early,
   * without progress.
   */
  read(
    file: FoundFile,
    known: EventOf<'progress'> | undefined,
    context: ReadContext,
  ): Promise<FileReport | undefined>
}

/** Reads the lines of one file of a client, one after the other. */
export interface LineReader {
  /** Takes a line, of which it keeps no view. Returns the type of a record it has no use for. Throws BrokenJson. */
  push(line: Buffer): string | undefined
  /** Emits what waits for more lines; they may come at another time. */
  flush(): void
  /** What to remember to go on after the last line; undefined for nothing. */
  state(): unknown
}

/** Microseconds since the epoch of an ISO time, or of milliseconds; 0 when it is neither. */
export function microseconds(time: unknown): number {
  const ms = typeof time === 'number' ? time : typeof time === 'string' ? Date.parse(time) : 0
  return Number.isFinite(ms) ? Math.round(ms * 1000) : 0
}

/** A count from a transcript: 0 for anything that is none. */
export function count(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? Math.round(value) : 0
}

/** The value as an object to look into, empty when it is none. */
export function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

/** The value when it is a string, else empty. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/**
 * Server and tool of a name as clients give it to models: `mcp__server__tool`, and for a server of a plugin
 * `mcp__plugin_<plugin>_<server>__<tool>`, where a plugin is taken to have no underscore in its name.
 */
export function mcpName(name: string): { readonly server: string; readonly tool: string } {
  const parts = /^mcp__(?:plugin_[^_]+_)?(.+?)__(.+)$/.exec(name)
  return parts === null ? { server: '', tool: name } : { server: parts[1]!, tool: parts[2]! }
}
