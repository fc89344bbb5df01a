import type { Call, Session, ToolText } from './traffic.ts'

/** What a file of sequences holds. */
export interface Sequences {
  readonly sessions: readonly Session[]
  readonly calls: number
  /** Lines that are no call, and the number of the first. */
  readonly broken: number
  readonly firstBroken: number | undefined
}

/** A number from here on is a time in milliseconds since the epoch (1973 and later), a smaller one a step. */
const FIRST_TIME = 1e11
/** What is not a time is ordered by its place in the file. */
type Moment = { readonly step: number; readonly atMs: number | undefined }

/**
 * Reads calls, one JSON object a line: {"session", "t", "server", "tool", "prompt"?, "group"?}. `t` is a step, or a time as ISO 8601 text or as
 * milliseconds since the epoch. Calls of a session are put in the order of `t`, sessions stay in the order of their first line. Pure.
 */
export function sequencesOf(text: string): Sequences {
  const sessions = new Map<string, { group: string | undefined; calls: { call: Call; moment: Moment }[] }>()
  let calls = 0
  let broken = 0
  let firstBroken: number | undefined
  let number = 0
  for (const line of text.split('\n')) {
    number += 1
    if (line.trim() === '') continue
    const record = recordOf(line)
    if (record === undefined) {
      broken += 1
      firstBroken ??= number
      continue
    }
    const { session, group, call, moment } = record
    const known = sessions.get(session)
    if (known === undefined) sessions.set(session, { group, calls: [{ call, moment }] })
    else known.calls.push({ call, moment })
    calls += 1
  }
  return {
    sessions: [...sessions].map(([id, { group, calls }]) => sessionOf(id, group, calls)),
    calls,
    broken,
    firstBroken,
  }
}

/** Reads tools: a JSON array of {"server", "tool", "description"?}. Undefined where it is anything else. */
export function toolTextsOf(text: string): readonly ToolText[] | undefined {
  const value = parsed(text)
  if (!Array.isArray(value)) return undefined
  const texts: ToolText[] = []
  for (const one of value) {
    if (!isObject(one) || !isName(one.server) || !isName(one.tool)) return undefined
    if (one.description !== undefined && one.description !== null && typeof one.description !== 'string')
      return undefined
    texts.push({ server: one.server, tool: one.tool, description: one.description ?? '' })
  }
  return texts
}

function sessionOf(id: string, group: string | undefined, calls: { call: Call; moment: Moment }[]): Session {
  // Stable: what has the same moment stays in the order of the file.
  calls.sort((a, b) => a.moment.step - b.moment.step)
  const isTimed = calls.every(({ moment }) => moment.atMs !== undefined)
  const atMs = isTimed ? calls[0]!.moment.atMs : undefined
  return {
    id,
    ...(atMs !== undefined && { atMs }),
    ...(group !== undefined && { group }),
    calls: calls.map(({ call }) => call),
  }
}

function recordOf(line: string) {
  const value = parsed(line)
  if (!isObject(value)) return undefined
  const { session, t, server, tool, prompt, group } = value
  const id = typeof session === 'number' ? String(session) : session
  const moment = momentOf(t)
  if (!isName(id) || !isName(server) || !isName(tool) || moment === undefined) return undefined
  if (prompt !== undefined && prompt !== null && typeof prompt !== 'string') return undefined
  const { atMs } = moment
  const call: Call = { server, tool, ...(atMs !== undefined && { atMs }), ...(prompt && { prompt }) }
  return { session: id, group: isName(group) ? group : undefined, call, moment }
}

function momentOf(t: unknown): Moment | undefined {
  if (typeof t === 'number' && Number.isFinite(t)) return { step: t, atMs: t >= FIRST_TIME ? t : undefined }
  if (typeof t !== 'string') return undefined
  const atMs = /^\d{4}-\d\d-\d\d/.test(t) ? Date.parse(t) : Number.NaN
  return Number.isNaN(atMs) ? undefined : { step: atMs, atMs }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !value.includes('\n')
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
