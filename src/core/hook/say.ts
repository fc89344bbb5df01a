import { createConnection } from 'node:net'
import type { Clock } from '../clock.ts'
import { pathsOf, refuseForeignRun } from '../config/paths.ts'

/** What was written in a client's session just now, for the daemon to look ahead by. */
export interface Said {
  readonly client: string
  readonly clientSession: string
  readonly project: string
  readonly text: string
}

/** Whose context was lost. Servers are told the session by Claude Code alone: agents of others are known by client and project. */
export interface Forgotten extends Pick<Said, 'client' | 'project'> {
  readonly session: string
}

/** Kept of a text from either end: what is asked for is there. Pairs with MAX_TEXT_CHARS in daemon/advisor.ts. */
const END_CHARS = 2_000
/** A daemon that takes no connection by then is not told. */
const LIMIT_MS = 200

/** The text that a hook's input has for that: a prompt, or what an agent looks for among its tools; undefined where there is none. Throws for input that is no JSON. */
export function textIn(input: Buffer, event: string, tool: string): string | undefined {
  if (event === 'UserPromptSubmit' || event === 'BeforeAgent')
    return cut(Object(JSON.parse(input.toString('utf8'))).prompt)
  if (event !== 'PostToolUse' || tool !== TOOL_SEARCH) return undefined
  return cut(Object(Object(JSON.parse(input.toString('utf8'))).tool_input).query)
}

/** Claude Code's own tool, by which an agent finds tools of servers that it was told the names of only. */
const TOOL_SEARCH = 'ToolSearch'

function cut(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.trim() === '') return undefined
  return text.length <= 2 * END_CHARS ? text : `${text.slice(0, END_CHARS)}\n${text.slice(-END_CHARS + 1)}`
}

/** Whether what a session was sent may have left its context with that event. Clients say why a session starts. */
export function isContextLost(input: Buffer, event: string): boolean {
  // Gemini CLI's PreCompress comes before every request, whether or not anything is compressed: where it is asked for, nothing counts as held.
  if (event === 'PreCompact' || event === 'PostCompact' || event === 'PreCompress') return true
  if (event !== 'SessionStart') return false
  return Object(JSON.parse(input.toString('utf8'))).source !== 'startup'
}

/** Tells the daemon, if one runs, and waits for no answer; never throws. Pairs with `heard` in daemon/main.ts. */
export function say(said: Said, root: string, clock: Clock): Promise<void> {
  return tell('heard', said, root, clock)
}

/** Tells the daemon that what a session holds is not known any more, as say() does. Pairs with `forget` in daemon/main.ts. */
export function sayForgotten(who: Forgotten, root: string, clock: Clock): Promise<void> {
  return tell('forget', who, root, clock)
}

/** Asks the daemon for a process that answers hooks without a start of Node, as say() does. Pairs with `quick` in daemon/main.ts. */
export function askForQuick(root: string, clock: Clock): Promise<void> {
  return tell('quick', {}, root, clock)
}

function tell(cmd: string, args: object, root: string, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    try {
      const paths = pathsOf(root)
      refuseForeignRun(paths)
      const socket = createConnection(paths.socket)
      const done = () => {
        socket.destroy()
        resolve()
      }
      const request = JSON.stringify({ id: 0, cmd, args })
      socket.on('error', done)
      // Destroyed only when the system has taken it all.
      socket.end(`mycelium-control 1\n${request}\n`, () => resolve())
      clock.after(LIMIT_MS, done)
    } catch {
      resolve()
    }
  })
}
