import { join } from 'node:path'
import type { EventOf } from '../../events/event.ts'
import { belowProject } from './file-of-use.ts'
import { foundFile, list } from './files.ts'
import { hasChanged, keptIn, Tally } from './read-lines.ts'
import {
  count,
  type FileReport,
  type FoundFile,
  fields,
  microseconds,
  type ReadContext,
  type TranscriptReader,
  text,
  type Where,
} from './reader.ts'
import { type Query, withCopyOf } from './sqlite-copy.ts'

/** Tools of opencode itself that have an underscore in their names, as else only `<server>_<tool>` has. */
const OWN_TOOLS: ReadonlySet<string> = new Set(['apply_patch', 'plan_enter', 'plan_exit', 'code_search'])
const PAGE_ROWS = 2000

/** opencode's database, in one file for each of its release channels. */
export const OPENCODE: TranscriptReader = {
  client: 'opencode',
  find: findDatabases,
  read: readDatabase,
}

function findDatabases({ home, env }: Where): FoundFile[] {
  const directory = join(env.XDG_DATA_HOME || join(home, '.local/share'), 'opencode')
  return list(directory)
    .filter((entry) => entry.isFile() && /^opencode(-[\w.]+)?\.db$/.test(entry.name))
    .flatMap((entry) => foundFile('opencode', join(directory, entry.name)))
    .map((file) => {
      const [log] = foundFile('opencode', `${file.path}-wal`)
      if (log === undefined) return file
      return { ...file, bytes: file.bytes + log.bytes, mtimeMs: Math.max(file.mtimeMs, log.mtimeMs) }
    })
}

/** What was written since the last time, by the time that opencode itself notes: rows of that very millisecond are read again. */
async function readDatabase(
  file: FoundFile,
  known: EventOf<'progress'> | undefined,
  context: ReadContext,
): Promise<FileReport | undefined> {
  const kept = keptIn(known)
  if (!hasChanged(file, kept)) return undefined
  const since = count(fields(kept?.reader).updated)
  const tally = new Tally(context.emit)
  const updated = await withCopyOf(file.path, (query) => {
    if (query("SELECT 1 FROM sqlite_master WHERE name = 'part'").length === 0) return since
    const sessions = sessionsOf(query)
    return Math.max(since, responses(query, since, sessions, tally), toolUses(query, since, sessions, tally))
  })
  if (context.signal.aborted) return undefined
  context.onBytes(file.bytes)
  const report = { ...tally.report(file.bytes), lines: tally.report(0).responses + tally.report(0).toolUses }
  context.emit('progress', {
    at: context.now,
    client: file.client,
    path: file.path,
    identity: '',
    offset: file.bytes,
    records: (known?.records ?? 0) + report.lines,
    skipped: known?.skipped ?? 0,
    broken: (known?.broken ?? 0) + report.broken,
    state: JSON.stringify({ size: file.bytes, mtimeMs: file.mtimeMs, reader: { updated } }),
  })
  await context.ready()
  return report
}

interface Session {
  readonly root: string
  readonly directory: string
}

/** Each session with the one that a person began: a sub-agent's session has a parent. */
function sessionsOf(query: Query): ReadonlyMap<string, Session> {
  const rows = new Map(
    query('SELECT id, parent_id, directory FROM session').map((row) => [text(row.id), row]),
  )
  const rootOf = (id: string, depth = 0): string => {
    const parent = text(rows.get(id)?.parent_id)
    return parent === '' || depth > 100 ? id : rootOf(parent, depth + 1)
  }
  return new Map([...rows].map(([id, row]) => [id, { root: rootOf(id), directory: text(row.directory) }]))
}

/**
 * Tokens of a message are the sum of its steps' where these are told, one call of the model each; a message's own are its last step's.
 * Reasoning is beside output.
 */
const RESPONSES = `
  WITH step AS (
    SELECT message_id,
      sum(json_extract(data, '$.tokens.input')) AS input,
      sum(json_extract(data, '$.tokens.output')) AS output,
      sum(json_extract(data, '$.tokens.reasoning')) AS reasoning,
      sum(json_extract(data, '$.tokens.cache.read')) AS cache_read,
      sum(json_extract(data, '$.tokens.cache.write')) AS cache_write
    FROM part WHERE message_id IN (SELECT id FROM message WHERE time_updated >= ?1)
      AND json_valid(data) AND json_extract(data, '$.type') = 'step-finish'
    GROUP BY message_id
  )
  SELECT m.id, m.session_id, m.time_created, m.time_updated,
    json_extract(m.data, '$.modelID') AS model,
    coalesce(json_extract(m.data, '$.agent'), json_extract(m.data, '$.mode')) AS agent,
    json_extract(m.data, '$.cost') AS cost,
    coalesce(s.input, json_extract(m.data, '$.tokens.input')) AS input,
    coalesce(s.output, json_extract(m.data, '$.tokens.output')) AS output,
    coalesce(s.reasoning, json_extract(m.data, '$.tokens.reasoning')) AS reasoning,
    coalesce(s.cache_read, json_extract(m.data, '$.tokens.cache.read')) AS cache_read,
    coalesce(s.cache_write, json_extract(m.data, '$.tokens.cache.write')) AS cache_write
  FROM message m LEFT JOIN step s ON s.message_id = m.id
  WHERE m.time_updated >= ?1 AND m.id > ?2 AND json_valid(m.data)
    AND json_extract(m.data, '$.role') = 'assistant'
  ORDER BY m.id LIMIT ${PAGE_ROWS}`

function responses(
  query: Query,
  since: number,
  sessions: ReadonlyMap<string, Session>,
  tally: Tally,
): number {
  return pages(query, RESPONSES, since, (row) => {
    if ([row.input, row.output, row.reasoning, row.cache_read, row.cache_write].some((n) => Number(n) < 0)) {
      tally.spoil()
      return
    }
    const reasoning = count(row.reasoning)
    const tokens = {
      inputTokens: count(row.input),
      outputTokens: count(row.output) + reasoning,
      cacheWrite5mTokens: count(row.cache_write),
      cacheWrite1hTokens: 0,
      cacheReadTokens: count(row.cache_read),
      reasoningTokens: reasoning,
    }
    // One that failed, or has only begun, used nothing that is known.
    if (Object.values(tokens).every((n) => n === 0)) return
    tally.emit('response', {
      at: microseconds(row.time_created),
      ...placeOf(row, sessions),
      model: text(row.model),
      message: text(row.id),
      ...tokens,
      clientCostUsd: typeof row.cost === 'number' ? row.cost : -1,
    })
  })
}

const TOOL_USES = `
  SELECT p.id, p.message_id, p.session_id, p.time_created, p.time_updated,
    json_extract(m.data, '$.modelID') AS model,
    coalesce(json_extract(m.data, '$.agent'), json_extract(m.data, '$.mode')) AS agent,
    json_extract(p.data, '$.callID') AS call, json_extract(p.data, '$.tool') AS tool,
    json_extract(p.data, '$.state.status') AS status,
    length(CAST(json_extract(p.data, '$.state.input') AS BLOB)) AS bytes_in,
    length(CAST(coalesce(json_extract(p.data, '$.state.output'), json_extract(p.data, '$.state.error')) AS BLOB)) AS bytes_out,
    coalesce(json_extract(p.data, '$.state.input.filePath'), json_extract(p.data, '$.state.input.path')) AS file,
    json_extract(p.data, '$.state.time.start') AS started, json_extract(p.data, '$.state.time.end') AS ended
  FROM part p JOIN message m ON m.id = p.message_id
  WHERE p.time_updated >= ?1 AND p.id > ?2 AND json_valid(p.data) AND json_extract(p.data, '$.type') = 'tool'
  ORDER BY p.id LIMIT ${PAGE_ROWS}`

function toolUses(query: Query, since: number, sessions: ReadonlyMap<string, Session>, tally: Tally): number {
  return pages(query, TOOL_USES, since, (row) => {
    const started = microseconds(row.started)
    const ended = microseconds(row.ended)
    tally.emit('toolUse', {
      at: started || microseconds(row.time_created),
      ...placeOf(row, sessions),
      model: text(row.model),
      message: text(row.message_id),
      toolUse: text(row.call),
      ...nameOf(text(row.tool)),
      bytesIn: count(row.bytes_in),
      bytesOut: row.bytes_out === null ? -1 : count(row.bytes_out),
      failed: row.status === 'error',
      durationUs: started > 0 && ended >= started ? ended - started : -1,
      file: belowProject(text(row.file), placeOf(row, sessions).project),
    })
  })
}

/** Hands over every row, some thousand at a time; returns the latest time_updated. */
function pages(
  query: Query,
  sql: string,
  since: number,
  take: (row: Readonly<Record<string, unknown>>) => void,
): number {
  let updated = since
  for (let after = ''; ; ) {
    const rows = query(sql, [since, after])
    for (const row of rows) {
      take(row)
      updated = Math.max(updated, count(row.time_updated))
    }
    if (rows.length < PAGE_ROWS) return updated
    after = text(rows.at(-1)!.id)
  }
}

function placeOf(row: Readonly<Record<string, unknown>>, sessions: ReadonlyMap<string, Session>) {
  const id = text(row.session_id)
  const { root, directory } = sessions.get(id) ?? { root: id, directory: '' }
  return {
    client: 'opencode',
    clientSession: root,
    project: directory,
    agent: root === id ? '' : id,
    agentType: root === id ? '' : text(row.agent),
  }
}

/** opencode joins the two with an underscore; a server is taken to have none in its name. */
function nameOf(name: string): { readonly server: string; readonly tool: string } {
  const parts = OWN_TOOLS.has(name) ? null : /^([^_]+)_(.+)$/.exec(name)
  return parts === null ? { server: '', tool: name } : { server: parts[1]!, tool: parts[2]! }
}
