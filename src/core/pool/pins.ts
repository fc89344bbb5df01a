import type { Clock } from '../clock.ts'
import type { Call } from '../pipeline/call.ts'
import { paramRange, paramString } from '../protocol/fields.ts'
import type { Frame } from '../protocol/frame.ts'
import { findMember } from '../protocol/json-text.ts'
import { cursorIn, linksIn, RELATED_TASK, type TaskState, taskIn } from '../protocol/results.ts'
import type { Upstream } from './upstream.ts'

/** A task of one session: only the process that made it knows of it. */
interface Task {
  readonly session: string
  readonly upstream: Upstream
  /** Our id of the call that made it: progress goes on under it; and the agent's own token, if it asked for progress. */
  readonly callId: number
  readonly tokenText: string | undefined
  /** It is worked on, and its agent or its server spoke of it lately. */
  open: boolean
  signAtMs: number
  untilMs: number
}

/** A resource or the rest of a list that one session was told of by one process. */
interface Place {
  readonly upstream: Upstream
  untilMs: number
}

/** Most tasks, and most places, of one pool; the oldest are forgotten first. */
const MAX_TASKS = 4_096
const MAX_PLACES = 1_024
/** A longer uri or cursor is not kept. */
const MAX_TEXT = 2_048
/** How long a place is kept after it was named or used. */
const PLACE_MS = 10 * 60_000
/** A task nobody has spoken of for this long does not keep its process for its session any more. */
const SILENT_TASK_MS = 10 * 60_000
/** For a task without an end of its own. */
const MAX_TASK_MS = 24 * 60 * 60_000

const TASK_KEY = Buffer.from('"task"')
/** Begins `resource` and `resource_link`: one search of each answer, and few that have it are parsed for nothing. */
const RESOURCE = Buffer.from('"resource')

/**
 * What one call of a session made in one process and a later call must find there: tasks, resources that a result names,
 * cursors of lists. Counted on the process, so that it is neither lent to another session while a task of its owner is
 * worked on, nor ended as surplus before it was asked for what it keeps.
 */
export class Pins {
  readonly #clock: Clock
  #offersTasks = false
  #offersResources = false
  /** By id. */
  readonly #tasks = new Map<string, Task>()
  /** By session, kind and text; the one longest unused first. */
  readonly #places = new Map<string, Place>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** What the server's greeting offers is looked for in its answers, and nothing else. */
  learn(greeting: Frame): void {
    const capabilities = findMember(greeting.line, greeting.bodyStart, 'capabilities')
    if (capabilities === undefined) return
    const { line } = greeting
    this.#offersTasks = findMember(line, capabilities.start, 'tasks') !== undefined
    this.#offersResources = findMember(line, capabilities.start, 'resources') !== undefined
  }

  /** Notes what the answer to a session's call leaves in the process. */
  answered(upstream: Upstream, id: number, call: Call, answer: Frame): void {
    if (answer.isError) return
    switch (call.method) {
      case 'tools/call':
        if (this.#offersTasks && call.frame.line.includes(TASK_KEY)) this.#made(upstream, id, call, answer)
        if (this.#offersResources) this.#linked(upstream, call.session, answer)
        return
      case 'prompts/get':
        if (this.#offersResources) this.#linked(upstream, call.session, answer)
        return
      case 'tasks/get':
      case 'tasks/cancel':
        this.#stateOf(paramString(call.frame, 'taskId'), taskIn(answer, undefined))
        return
      case 'tasks/result':
        this.#stateOf(paramString(call.frame, 'taskId'), { open: false })
        this.#linked(upstream, call.session, answer)
        return
      case 'tools/list':
      case 'prompts/list':
      case 'resources/list':
      case 'resources/templates/list':
        this.#keep(upstream, placeKey(call.session, call.method, cursorIn(answer)))
    }
  }

  /** The process that this call must go to: `foreign` for a task of another session. */
  find(call: Call): Upstream | 'foreign' | undefined {
    if (call.method.startsWith('tasks/')) {
      const task = this.#tasks.get(paramString(call.frame, 'taskId') ?? '')
      if (task === undefined) return undefined
      return task.session === call.session ? task.upstream : 'foreign'
    }
    if (this.#places.size === 0) return undefined
    const name = call.method === 'resources/read' ? 'uri' : 'cursor'
    const key = placeKey(call.session, call.method, paramString(call.frame, name))
    const place = key === undefined ? undefined : this.#places.get(key)
    if (place !== undefined) this.#keep(place.upstream, key)
    return place?.upstream
  }

  /** The ids of a session's tasks, by the process that has them. */
  tasksOf(session: string): ReadonlyMap<Upstream, ReadonlySet<string>> {
    const found = new Map<Upstream, Set<string>>()
    for (const [id, task] of this.#tasks) {
      if (task.session !== session) continue
      found.set(task.upstream, (found.get(task.upstream) ?? new Set()).add(id))
    }
    return found
  }

  /** The session whose task a server's message speaks of: by `_meta`, or as the status that it tells. */
  sessionOf(frame: Frame): string | undefined {
    if (this.#tasks.size === 0) return undefined
    if (frame.method === 'notifications/tasks/status') {
      const id = paramString(frame, 'taskId')
      this.#stateOf(id, taskIn(frame, undefined))
      return this.#tasks.get(id ?? '')?.session
    }
    const meta = paramRange(frame, '_meta')
    const related = meta === undefined ? undefined : findMember(frame.line, meta.start, RELATED_TASK)
    const id = related === undefined ? undefined : taskIn(frame, related)?.taskId
    return id === undefined ? undefined : this.#tasks.get(id)?.session
  }

  /** The task whose call had this id, while progress may be told of it. */
  inProgress(upstream: Upstream, callId: number): { session: string; tokenText: string } | undefined {
    for (const { upstream: where, callId: id, session, tokenText, open } of this.#tasks.values())
      if (open && id === callId && where === upstream && tokenText !== undefined)
        return { session, tokenText }
    return undefined
  }

  /** Forgets what belongs to this session or process. */
  forget(gone: string | Upstream): void {
    for (const [id, task] of this.#tasks)
      if (task.session === gone || task.upstream === gone) this.#forgetTask(id, task)
    for (const [key, place] of this.#places)
      if (place.upstream === gone || (typeof gone === 'string' && key.startsWith(`${gone} `)))
        this.#forgetPlace(key, place)
  }

  /** Forgets what is too old; called by the janitor. */
  expire(): void {
    const now = this.#clock.now()
    for (const [id, task] of this.#tasks) {
      if (now > task.untilMs) this.#forgetTask(id, task)
      else if (task.open && now - task.signAtMs > SILENT_TASK_MS) this.#setOpen(task, false)
    }
    for (const [key, place] of this.#places) if (now > place.untilMs) this.#forgetPlace(key, place)
  }

  #made(upstream: Upstream, callId: number, call: Call, answer: Frame): void {
    const result = { start: answer.bodyStart, end: answer.bodyEnd }
    const range = findMember(answer.line, result.start, 'task')
    const state = range === undefined ? undefined : taskIn(answer, range)
    if (state?.taskId === undefined || state.taskId.length > MAX_TEXT) return
    const meta = call.frame
    const now = this.#clock.now()
    const task: Task = {
      session: call.session,
      upstream,
      callId,
      tokenText:
        meta.metaTokenStart === -1
          ? undefined
          : meta.line.toString('latin1', meta.metaTokenStart, meta.metaTokenEnd),
      open: false,
      signAtMs: now,
      untilMs: now + Math.min(state.ttlMs ?? MAX_TASK_MS, MAX_TASK_MS),
    }
    const known = this.#tasks.get(state.taskId)
    if (known !== undefined) this.#forgetTask(state.taskId, known)
    this.#tasks.set(state.taskId, task)
    upstream.pins += 1
    this.#setOpen(task, state.open)
    const oldest = this.#tasks.entries().next().value
    if (this.#tasks.size > MAX_TASKS && oldest !== undefined) this.#forgetTask(...oldest)
  }

  #stateOf(id: string | undefined, state: TaskState | undefined): void {
    const task = this.#tasks.get(id ?? '')
    if (task === undefined || state === undefined) return
    const now = this.#clock.now()
    task.signAtMs = now
    if (state.ttlMs !== undefined) task.untilMs = now + Math.min(state.ttlMs, MAX_TASK_MS)
    this.#setOpen(task, state.open)
  }

  #setOpen(task: Task, open: boolean): void {
    if (task.open === open) return
    task.open = open
    task.upstream.openTasks += open ? 1 : -1
  }

  #forgetTask(id: string, task: Task): void {
    this.#setOpen(task, false)
    this.#tasks.delete(id)
    task.upstream.pins -= 1
  }

  #linked(upstream: Upstream, session: string, answer: Frame): void {
    if (!answer.line.includes(RESOURCE)) return
    for (const uri of linksIn(answer)) this.#keep(upstream, placeKey(session, 'resources/read', uri))
  }

  #keep(upstream: Upstream, key: string | undefined): void {
    if (key === undefined) return
    const known = this.#places.get(key)
    if (known !== undefined) this.#forgetPlace(key, known)
    this.#places.set(key, { upstream, untilMs: this.#clock.now() + PLACE_MS })
    upstream.pins += 1
    const oldest = this.#places.entries().next().value
    if (this.#places.size > MAX_PLACES && oldest !== undefined) this.#forgetPlace(...oldest)
  }

  #forgetPlace(key: string, place: Place): void {
    this.#places.delete(key)
    place.upstream.pins -= 1
  }
}

/** Session ids hold no space. */
function placeKey(session: string, method: string, text: string | undefined): string | undefined {
  return text === undefined || text.length > MAX_TEXT ? undefined : `${session} ${method} ${text}`
}
