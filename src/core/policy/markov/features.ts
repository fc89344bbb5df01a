import type { Course } from './course.ts'
import type { Knowledge } from './knowledge.ts'

/** What speaks for a tool to be called next; pairs with the order in toolFeatures(). */
export const TOOL_FEATURES = [
  'order3',
  'order1',
  'order0',
  'server',
  'repeat',
  'used',
  'recency',
  'ownShare',
  'ownFollower',
  'sameServer',
  'usedServer',
  'text',
  'textLast',
  'textServer',
  'textServerLast',
  'textName',
  'textNameLast',
  'textServerName',
  'staleText',
  'staleServer',
  'staleName',
  'textNewServer',
  'usedFresh',
  'orderFresh',
  'order3Sure',
  'topic',
] as const

/** What speaks for a server to be the next that the session did not use yet; pairs with the order in serverFeatures(). */
export const SERVER_FEATURES = [
  'debut1',
  'debut0',
  'text',
  'textLast',
  'best',
  'bestLast',
  'name',
  'nameLast',
  'stale',
  'staleBest',
  'staleName',
] as const

/** Probabilities and their logarithms. */
interface Shares {
  readonly p: Float64Array
  readonly logs: Float64Array
}

/** Room for the features of all candidates, used again for each prediction. */
export interface Scratch {
  readonly toolRows: Float64Array
  readonly serverRows: Float64Array
  /** What is likely before anything is known of the session, and the version of the counts that it was made of. */
  readonly order0: Shares
  version: number
  readonly order1: Shares
  readonly order3: Shares
  readonly topic: Float64Array
  /** By tool, what its use makes likelier; of the same version. */
  readonly gains: Map<number, Float64Array>
  readonly servers: Shares
  readonly usedServers: Uint8Array
  readonly path: Int32Array
  readonly pair: Int32Array
}

/** Room for a vocabulary of this size. */
export function scratchFor(tools: number, servers: number): Scratch {
  const shares = (n: number): Shares => ({ p: new Float64Array(n), logs: new Float64Array(n) })
  return {
    toolRows: new Float64Array(tools * TOOL_FEATURES.length),
    serverRows: new Float64Array(servers * SERVER_FEATURES.length),
    order0: shares(tools),
    version: -1,
    order1: shares(tools),
    order3: shares(tools),
    topic: new Float64Array(tools),
    gains: new Map(),
    servers: shares(servers),
    usedServers: new Uint8Array(servers),
    path: new Int32Array(8),
    pair: new Int32Array(1),
  }
}

/** Steps until a text counts half. */
const TEXT_HALF_LIFE = 3
/** Distinct tools used last that say what a session is about. */
const TOPIC_TOOLS = 5
/** Tools whose gains are kept at hand. */
const MAX_GAINS = 256
/** Occurrences of a context from which it is half trusted. */
const HALF_SURE = 3

/** Fills `scratch.toolRows`: for each known tool what speaks for it. */
export function toolFeatures(knowledge: Knowledge, course: Course, scratch: Scratch): void {
  const { vocabulary } = knowledge
  const count = vocabulary.tools.length
  const sureness = fillShares(knowledge, course, scratch)
  const { order0, order1, order3, topic, servers, usedServers, toolRows: rows } = scratch
  const steps = course.tools.length
  const last = course.tools.at(-1)
  const lastServer = course.servers.at(-1)
  const own = last === undefined ? undefined : course.followers.get(last)
  const ownTotal = own === undefined ? 0 : [...own.values()].reduce((sum, n) => sum + n, 0)
  const { prompt } = course
  const { fresh, stale } = freshness(course)
  usedServers.fill(0)
  for (const server of course.debuts) usedServers[server] = 1
  const width = TOOL_FEATURES.length
  const { serverOf } = vocabulary
  const [logs0, logs1, logs3, logsServer] = [order0.logs, order1.logs, order3.logs, servers.logs]
  rows.fill(0)
  for (let tool = 0, at = 0; tool < count; tool++, at += width) {
    const server = serverOf[tool]!
    const log3 = logs3[tool]!
    rows[at] = log3
    rows[at + 1] = logs1[tool]!
    rows[at + 2] = logs0[tool]!
    rows[at + 3] = logsServer[server]!
    if (server === lastServer) rows[at + 9] = 1
    rows[at + 10] = usedServers[server]!
    rows[at + 24] = sureness * log3
    rows[at + 25] = topic[tool]!
  }
  if (prompt !== undefined) textFeatures(prompt, serverOf, scratch, fresh, stale)
  for (const [tool, use] of course.uses) {
    const at = tool * width
    rows[at + 4] = tool === last ? 1 : 0
    rows[at + 5] = 1
    rows[at + 6] = 1 / (steps - use.last)
    rows[at + 7] = use.count / steps
    rows[at + 8] = (own?.get(tool) ?? 0) / (ownTotal + 1)
    rows[at + 22] = fresh
  }
}

/** What the last text says of each tool: as just written, or as written some calls ago. */
function textFeatures(
  { whole, last: tail }: NonNullable<Course['prompt']>,
  serverOf: readonly number[],
  { toolRows: rows, usedServers, order3 }: Scratch,
  fresh: number,
  stale: number,
): void {
  const width = TOOL_FEATURES.length
  const { tools, servers, toolNames, serverNames } = whole
  for (let tool = 0, at = 0; tool < serverOf.length; tool++, at += width) {
    const server = serverOf[tool]!
    if (fresh === 0) {
      rows[at + 18] = stale * tools[tool]!
      rows[at + 19] = stale * servers[server]!
      rows[at + 20] = stale * toolNames[tool]!
      continue
    }
    rows[at + 11] = tools[tool]!
    rows[at + 12] = tail.tools[tool]!
    rows[at + 13] = servers[server]!
    rows[at + 14] = tail.servers[server]!
    rows[at + 15] = toolNames[tool]!
    rows[at + 16] = tail.toolNames[tool]!
    rows[at + 17] = Math.max(serverNames[server]!, tail.serverNames[server]!)
    if (usedServers[server] === 0) rows[at + 21] = servers[server]!
    rows[at + 23] = order3.logs[tool]!
  }
}

/** What the counts say of each tool and server. Gives how much the deepest context is to be trusted, 0 to 1. */
function fillShares(knowledge: Knowledge, course: Course, scratch: Scratch): number {
  const { order0, order1, order3, topic, servers, path } = scratch
  if (scratch.version !== knowledge.tools.version) {
    scratch.version = knowledge.tools.version
    scratch.gains.clear()
    uniform(order0)
    knowledge.tools.refine(0, order0.p, order0.logs)
  }
  const depth = knowledge.tools.path(course.tools, path)
  copy(order0, order1)
  let seen = 0
  if (depth > 1) seen = knowledge.tools.refine(path[1]!, order1.p, order1.logs)
  copy(order1, order3)
  for (let k = 2; k < depth; k++) seen = knowledge.tools.refine(path[k]!, order3.p, order3.logs)

  topic.fill(0)
  const recent = recentTools(course)
  for (const used of recent) {
    const gains = gainsOf(knowledge, used, scratch)
    for (let i = 0; i < topic.length; i++) topic[i]! += gains[i]! / recent.length
  }
  uniform(servers)
  const serverDepth = knowledge.servers.path(course.servers, path)
  for (let k = 0; k < serverDepth; k++) knowledge.servers.refine(path[k]!, servers.p, servers.logs)
  return seen / (seen + HALF_SURE)
}

/** The logarithm of how much likelier each tool is in a session that used this one. */
function gainsOf(knowledge: Knowledge, used: number, { gains, order0, pair, path }: Scratch): Float64Array {
  const known = gains.get(used)
  if (known !== undefined) return known
  const made = new Float64Array(order0.p.length)
  pair[0] = used
  if (knowledge.topics.path(pair, path) > 1) knowledge.topics.addGains(path[1]!, order0.p, made)
  gains.set(used, made)
  // The oldest go first, so that a thousand tools do not hold a thousand times a thousand numbers.
  if (gains.size > MAX_GAINS) gains.delete(gains.keys().next().value!)
  return made
}

function uniform({ p, logs }: Shares): void {
  p.fill(1 / p.length)
  logs.fill(-Math.log(p.length))
}

function copy(from: Shares, to: Shares): void {
  to.p.set(from.p)
  to.logs.set(from.logs)
}

/** What the last text of the session still counts: as just written, and as written some calls ago. */
function freshness({ prompt }: Course): { readonly fresh: number; readonly stale: number } {
  if (prompt === undefined) return { fresh: 0, stale: 0 }
  return prompt.age === 0 ? { fresh: 1, stale: 0 } : { fresh: 0, stale: 2 ** (-prompt.age / TEXT_HALF_LIFE) }
}

/** The distinct tools that the session used last. */
function recentTools(course: Course): readonly number[] {
  const recent: number[] = []
  for (let i = course.tools.length - 1; i >= 0 && recent.length < TOPIC_TOOLS; i--)
    if (!recent.includes(course.tools[i]!)) recent.push(course.tools[i]!)
  return recent
}

/** Fills `scratch.serverRows`: for each known server what speaks for it, were the next call to a server not used yet. */
export function serverFeatures(knowledge: Knowledge, course: Course, scratch: Scratch): void {
  const { debuts, vocabulary } = knowledge
  const { servers: shares, path, serverRows: rows } = scratch
  const count = vocabulary.servers.length
  const width = SERVER_FEATURES.length
  uniform(shares)
  const depth = debuts.path(course.debuts, path)
  debuts.refine(0, shares.p, shares.logs)
  for (let server = 0; server < count; server++) rows[server * width + 1] = shares.logs[server]!
  if (depth > 1) debuts.refine(path[1]!, shares.p, shares.logs)
  const { prompt } = course
  const { fresh, stale } = freshness(course)
  for (let server = 0, at = 0; server < count; server++, at += width) {
    rows[at] = shares.logs[server]!
    if (prompt === undefined) {
      for (let k = 2; k < width; k++) rows[at + k] = 0
      continue
    }
    const { whole, last: tail } = prompt
    rows[at + 2] = fresh * whole.servers[server]!
    rows[at + 3] = fresh * tail.servers[server]!
    rows[at + 4] = fresh * whole.bestOfServer[server]!
    rows[at + 5] = fresh * tail.bestOfServer[server]!
    rows[at + 6] = fresh * whole.serverNames[server]!
    rows[at + 7] = fresh * tail.serverNames[server]!
    rows[at + 8] = stale * whole.servers[server]!
    rows[at + 9] = stale * whole.bestOfServer[server]!
    rows[at + 10] = stale * whole.serverNames[server]!
  }
}
