import { MyceliumError } from '../errors.ts'
import type { Call, Reply } from '../pipeline/call.ts'
import { paramString } from '../protocol/fields.ts'
import { type Frame, scanFrame } from '../protocol/frame.ts'
import { decodeString, elementsOf, findMember } from '../protocol/json-text.ts'
import { errorText, resultText } from '../protocol/messages.ts'
import { cursorIn } from '../protocol/results.ts'
import type { Member } from './member.ts'
import type { Pool } from './pool.ts'
import type { Upstream } from './upstream.ts'
import { within } from './within.ts'

/** Pages of one process's tasks that are read for one `tasks/list`. */
const MAX_PAGES = 32
/** How long a process may take for one of them. */
const PAGE_MS = 30_000

/** Sends a call to the process that keeps what it asks for, if one is known to; a task of another session is not found. */
export function dispatchPinned(pool: Pool, call: Call, member: Member): Promise<Reply> {
  const where = pool.pins.find(call)
  if (where !== 'foreign') return pool.dispatch(call, member, undefined, where)
  return Promise.resolve(
    replyOf(errorText('0', -32602, `Task not found: ${paramString(call.frame, 'taskId')}`)),
  )
}

/** Answers `tasks/list` with the session's own tasks, of every process that has some, in one page. */
export async function listTasks(pool: Pool, call: Call, member: Member): Promise<Reply> {
  if (pool.sharing === 'owned') return pool.dispatch(call, member)
  const texts: string[] = []
  const own = pool.pins.tasksOf(member.id)
  for (const [upstream, ids] of own) {
    const failure = await readTasks(pool, upstream, ids, texts)
    if (failure !== undefined) return { frame: failure }
  }
  if (own.size === 0) {
    const reply = await pool.dispatch(call, member)
    if (reply.frame.isError) return reply
  }
  return replyOf(resultText('0', `{"tasks":[${texts.join(',')}]}`))
}

/** Adds these tasks' texts as the process lists them; its answer where that is an error. */
async function readTasks(
  pool: Pool,
  upstream: Upstream,
  ids: ReadonlySet<string>,
  texts: string[],
): Promise<Frame | undefined> {
  let cursor: string | undefined
  for (let page = 0; page < MAX_PAGES; page++) {
    const asked = upstream.ask('tasks/list', JSON.stringify(cursor === undefined ? {} : { cursor }))
    const answer = await within(pool.service.clock, PAGE_MS, asked, () => {
      const fact = `a process did not answer tasks/list within ${PAGE_MS} ms`
      return new MyceliumError('request_timeout', `${pool.profile.name}: ${fact}`)
    })
    if (answer.isError) return answer
    const { line, bodyStart } = answer
    const list = findMember(line, bodyStart, 'tasks')
    for (const { start, end } of (list && elementsOf(line, list.start)?.elements) ?? []) {
      const id = findMember(line, start, 'taskId')
      if (id !== undefined && ids.has(decodeString(line, id.start, id.end) ?? ''))
        texts.push(line.toString('utf8', start, end))
    }
    cursor = cursorIn(answer)
    if (cursor === undefined) return undefined
  }
  return undefined
}

/** A reply of ours, under an id that the session replaces. */
function replyOf(text: string): Reply {
  return { frame: scanFrame(Buffer.from(text.trimEnd())) as Frame }
}
