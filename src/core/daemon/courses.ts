import type { Clock } from '../clock.ts'
import type { ServerDef } from '../config/registry.ts'
import { keyEnvironment } from '../launch/environment.ts'
import { hindranceOf, isCold } from '../policy/advised.ts'
import type { Pool } from '../pool/pool.ts'
import type { Pools } from '../pool/pools.ts'
import { rowOf } from '../process.ts'
import type { Hello } from './hello.ts'
import { whoOf } from './recording.ts'

/** One agent at work in one project, over all of its connections. */
export interface Course {
  readonly client: string
  /** The client's own id of its session; empty where it tells none. */
  readonly clientSession: string
  readonly project: string
  /** Its latest calls, oldest first. */
  readonly calls: (readonly [server: string, tool: string])[]
  /** Its connections: the server of each, and the pool once it has one. */
  readonly open: Map<string, { readonly server: string; pool: Pool | undefined }>
  /** The environment that it gave the latest of its servers, and the names in it that may be of that server alone. */
  env: Readonly<Record<string, string>>
  declared: readonly string[]
  cwd: string
  lastMs: number
}

const MAX_COURSES = 256
const MAX_PLACES = 128
const MAX_CALLS = 50
/** An agent without a connection is over after this. */
const OVER_MS = 10 * 60_000

/**
 * Who works on what: connections of one agent process in one project are one course, and so are those that a client calls one session. Beside it, which
 * pools an agent of this kind last had in this project: what it would get again.
 */
export class Courses {
  readonly #clock: Clock
  /** By client and session, or client, project and agent process; latest use last. */
  readonly #courses = new Map<string, Course>()
  readonly #bySession = new Map<string, Course>()
  /** By client and project: the latest pool of each server. Latest use last. */
  readonly #places = new Map<string, Map<string, Pool>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A connection begins. */
  joined(session: string, hello: Hello, def: ServerDef): Course {
    const { client, clientSession, project } = whoOf(hello, def.id, session)
    const key = [
      client,
      ...(clientSession === '' ? [project, agentOf(hello.pid, session)] : [clientSession]),
    ].join('\0')
    const course = this.#courses.get(key) ?? {
      ...{ client, clientSession, project, calls: [], open: new Map() },
      ...{ env: {}, declared: [], cwd: '', lastMs: 0 },
    }
    Object.assign(course, {
      env: hello.env,
      declared: def.envNames,
      cwd: hello.cwd,
      lastMs: this.#clock.now(),
    })
    course.open.set(session, { server: def.id, pool: undefined })
    latest(this.#courses, key, course, MAX_COURSES)
    this.#bySession.set(session, course)
    return course
  }

  /** It has been given a pool. */
  attached(session: string, pool: Pool): void {
    const course = this.#bySession.get(session)
    const one = course?.open.get(session)
    // Processes that are not greeted are never started ahead.
    if (course === undefined || one === undefined || pool.greetings === undefined) return
    one.pool = pool
    const place = placeOf(course)
    const pools = this.#places.get(place) ?? new Map<string, Pool>()
    latest(this.#places, place, pools, MAX_PLACES)
    pools.set(one.server, pool)
  }

  left(session: string): void {
    const course = this.#bySession.get(session)
    if (course === undefined) return
    this.#bySession.delete(session)
    course.open.delete(session)
    course.lastMs = this.#clock.now()
  }

  /** A call of the connection; gives its course. */
  called(session: string, server: string, tool: string): Course | undefined {
    const course = this.#bySession.get(session)
    if (course === undefined) return undefined
    course.calls.push([server, tool])
    if (course.calls.length > MAX_CALLS) course.calls.shift()
    course.lastMs = this.#clock.now()
    return course
  }

  /** The course of a client's session; else the latest of the client in the project. */
  of(client: string, clientSession: string, project: string): Course | undefined {
    const own = [...this.#courses.values()].filter((course) => course.client === client).reverse()
    return (
      own.find((course) => clientSession !== '' && course.clientSession === clientSession) ??
      own.find((course) => course.project === project)
    )
  }

  /** The pools that an agent of the course would get, of which none has a process for it. */
  coldPools(course: Course, pools: Pools, defs: ReadonlyMap<string, ServerDef>): readonly Pool[] {
    return [...(this.#places.get(placeOf(course)) ?? [])].flatMap(([server, pool]) => {
      const def = defs.get(server)
      if (def === undefined || hindranceOf(pool, pools) !== '' || !isCold(pool)) return []
      const hasOwn =
        pool.sharing === 'owned' && [...course.open.values()].some((one) => one.server === server)
      return hasOwn || !wouldGet(course, pool, def) ? [] : [pool]
    })
  }

  /** Forgets courses that are over. */
  look(): void {
    const now = this.#clock.now()
    for (const [key, course] of this.#courses)
      if (course.open.size === 0 && now - course.lastMs > OVER_MS) this.#courses.delete(key)
  }
}

/** Whether a server started by the agent would get this pool: all that the pool's key has of the environment is as the agent has it, but for what the entries of its servers set, which stays as it was. */
function wouldGet({ env, declared, cwd }: Course, { profile }: Pool, { envNames, argv }: ServerDef): boolean {
  if (profile.cwdMatters && profile.cwd !== cwd) return false
  const unknown = new Set([...declared, ...envNames])
  const now = keyEnvironment(profile.entry, envNames, env, argv)
  return [...Object.keys(now), ...Object.keys(profile.keyEnv)].every(
    (name) => unknown.has(name) || now[name] === profile.keyEnv[name],
  )
}

/** Launchers are children of their agent. Where the system tells no parent each connection is by itself. */
function agentOf(pid: number, session: string): string {
  const parent = pid > 1 ? rowOf(pid)?.parent : undefined
  return parent === undefined || parent <= 1 ? session : `${parent} ${rowOf(parent)?.startTime}`
}

function placeOf({ client, project }: Course): string {
  return `${client}\0${project}`
}

/** Makes it the latest of a map that holds so many. */
function latest<V>(map: Map<string, V>, key: string, value: V, limit: number): void {
  map.delete(key)
  map.set(key, value)
  if (map.size > limit) map.delete(map.keys().next().value!)
}
