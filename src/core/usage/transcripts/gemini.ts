import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { hasErrno } from '../../errors.ts'
import { below, foundFile, list } from './files.ts'
import { geminiResponse, geminiUses } from './gemini-message.ts'
import { BrokenJson, byteText, parseLine } from './json-line.ts'
import { PendingResponses } from './pending-responses.ts'
import { readLines } from './read-lines.ts'
import { readWhole } from './read-whole.ts'
import {
  type Emit,
  type FoundFile,
  fields,
  type LineReader,
  type TranscriptReader,
  text,
  type Where,
} from './reader.ts'

/** Gemini CLI's chats: `tmp/<project>/chats/session-*.jsonl`, before that `.json`, sub-agents' in a directory below. */
export const GEMINI: TranscriptReader = {
  client: 'gemini-cli',
  find: findGeminiFiles,
  read: (file, known, context) =>
    file.path.endsWith('.jsonl')
      ? readLines(file, known, context, openGemini)
      : readWhole(file, known, context, openGeminiFile),
}

/** What goes over from one read of a chat to the next. */
interface Remembered {
  readonly session?: string
  readonly kind?: string
  readonly directory?: string
}

/** Reads one chat of Gemini CLI line by line; see docs/usage.md for what it counts and how. */
export function openGemini(file: FoundFile, state: unknown, emit: Emit): LineReader {
  return new GeminiReader(file, fields(state) as Remembered, emit)
}

/** Reads a chat of an older Gemini CLI, which is one JSON object in all. */
function openGeminiFile(file: FoundFile, emit: Emit): LineReader {
  return new GeminiReader(file, {}, emit)
}

class GeminiReader implements LineReader {
  readonly #emit: Emit
  readonly #responses: PendingResponses
  readonly #file: FoundFile
  #session: string
  #kind: string
  #directory: string

  constructor(file: FoundFile, remembered: Remembered, emit: Emit) {
    this.#emit = emit
    this.#responses = new PendingResponses(emit)
    this.#file = file
    this.#session = remembered.session ?? ''
    this.#kind = remembered.kind ?? ''
    this.#directory = remembered.directory ?? ''
  }

  push(line: Buffer): string | undefined {
    const record = parseLine(line)
    if (record.type === 'gemini') {
      this.#message(record)
      return undefined
    }
    if (record.$set !== undefined) return this.#messages(fields(record.$set).messages) ? undefined : '$set'
    if (record.sessionId !== undefined) {
      this.#session = byteText(record.sessionId)
      this.#kind = byteText(record.kind)
      this.#directory = Array.isArray(record.directories) ? byteText(record.directories[0]) : ''
      this.#messages(record.messages)
      return undefined
    }
    return byteText(record.type) || (record.$rewindTo === undefined ? 'untyped' : '$rewindTo')
  }

  flush(): void {
    this.#responses.flush()
  }

  state(): Remembered {
    return { session: this.#session, kind: this.#kind, directory: this.#directory }
  }

  /** Whether one of them is an answer of the model. */
  #messages(value: unknown): boolean {
    const answers = (Array.isArray(value) ? value : []).map(fields).filter(({ type }) => type === 'gemini')
    for (const message of answers) {
      try {
        this.#message(message)
      } catch (error) {
        // The line holds others too.
        if (!(error instanceof BrokenJson)) throw error
      }
    }
    return answers.length > 0
  }

  #message(message: Readonly<Record<string, unknown>>): void {
    const { parent = '', project = '' } = this.#file.hints
    const place = {
      client: 'gemini-cli',
      clientSession: parent || this.#session,
      project: project || this.#directory,
      agent: parent === '' ? '' : this.#session,
      agentType: parent === '' ? '' : this.#kind,
    }
    const response = geminiResponse(place, this.#session, message)
    if (response !== undefined) this.#responses.add(response)
    for (const use of geminiUses(place, this.#session, message)) this.#emit('toolUse', use)
  }
}

function findGeminiFiles({ home, env }: Where): FoundFile[] {
  const root = join(env.GEMINI_CLI_HOME || home, '.gemini')
  const known = knownProjects(root)
  return list(join(root, 'tmp'))
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => {
      const directory = join(root, 'tmp', entry.name)
      const project = readText(join(directory, '.project_root')).trim() || known.get(entry.name) || ''
      const chats = join(directory, 'chats')
      return below(chats, 1, (name) => /\.jsonl?$/.test(name)).flatMap((path) => {
        const inChats = dirname(path) === chats
        // Besides sessions, an older version kept checkpoints there.
        if (inChats && !basename(path).startsWith('session-')) return []
        return foundFile('gemini-cli', path, { project, parent: inChats ? '' : basename(dirname(path)) })
      })
    })
}

/** Directories by what Gemini CLI calls them: a short name from its registry, before that the SHA-256 of the path. */
function knownProjects(root: string): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  const { projects } = fields(json(readText(join(root, 'projects.json'))))
  const trusted = fields(json(readText(join(root, 'trustedFolders.json'))))
  for (const path of Object.keys(trusted)) names.set(sha256(path), path)
  for (const [path, name] of Object.entries(fields(projects))) {
    names.set(sha256(path), path)
    names.set(text(name), path)
  }
  return names
}

function sha256(value: string): string {
  return createHash('sha256').update(value).digest('hex')
}

function json(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'EACCES', 'EPERM', 'EISDIR')) return ''
    throw error
  }
}
