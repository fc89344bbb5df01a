import type { Socket } from 'node:net'
import type { Clock } from '../clock.ts'
import type { Settings } from '../config/live-settings.ts'
import type { Paths } from '../config/paths.ts'
import type { Log } from '../log.ts'
import { compose } from '../pipeline/call.ts'
import { hasFree } from '../pool/choose.ts'
import type { Limits } from '../pool/limits.ts'
import type { Pools } from '../pool/pools.ts'
import { profileOf } from '../pool/profile.ts'
import { dispatchCounted } from '../pool/stateful-calls.ts'
import { Session } from '../session/session.ts'
import type { SilentClients } from '../session/silent-clients.ts'
import type { Advisor } from './advisor.ts'
import { agentName, clientOf } from './agents.ts'
import type { AgentsSeen } from './agents-seen.ts'
import type { Guests } from './guests.ts'
import type { Hello } from './hello.ts'
import type { KnownServers } from './known-servers.ts'
import type { LazyTools } from './lazy-tools.ts'
import { type Recording, whoOf } from './recording.ts'
import type { Shortener } from './shortener.ts'
import { shorteningFor } from './shortening.ts'

/** What an agent's connection needs of the daemon. */
export interface ArrivalServices {
  readonly paths: Paths
  readonly bootId: string
  readonly clock: Clock
  readonly log: Log
  readonly limits: Limits
  readonly settings: Settings
  readonly servers: KnownServers
  readonly pools: Pools
  readonly agents: AgentsSeen
  readonly sessions: Set<Session>
  readonly guests: Guests
  readonly advisor: Advisor
  readonly lazyTools: LazyTools
  readonly shortener: Shortener
  readonly recording: Recording
  readonly silent: SilentClients
  /** Called when one has left. */
  readonly left: () => void
}

/** An agent is here: its session begins, with what is done about each of its requests. Throws server_unknown. */
export function attachAgent(id: string, hello: Hello, socket: Socket, services: ArrivalServices): void {
  const { paths, clock, log, limits, settings, pools, sessions, guests } = services
  const { advisor, lazyTools, shortener, recording } = services
  const def = services.servers.get(hello.server)
  const origin = { argv: hello.argv, cwd: hello.cwd, env: hello.env }
  const peer = { server: def.id, client: hello.client, pid: hello.pid, plainEof: hello.kind === 'ticket' }
  const name = `${services.bootId}/${id}`
  const who = whoOf(hello, def.id, name)
  let agent: string | undefined
  const agentOf = () => {
    agent ??= agentName(who.clientSession, hello.client, clientOf(hello.pid))
    return agent
  }
  const recorded = recording.recorder.session(who, agentOf)
  // Per-request behaviour, outermost first.
  const shortens = shorteningFor(who, agentOf, recorded, { paths, clock, settings, shortener })
  const interceptors = [recorded.interceptor, lazyTools.list(who, hello), lazyTools.learn(who), shortens]
  advisor.joined(name, hello, def)
  const session: Session = new Session(id, peer, socket, {
    clock,
    log,
    limits,
    silent: services.silent,
    poolFor: (params) => {
      const pool = pools.poolFor(profileOf(def, origin), params)
      if (params !== undefined) services.agents.note(hello.client, params)
      advisor.attached(name, pool)
      recorded.attaching(pool.profile.mode, hasFree(pool.lists, pool.sharing))
      return pool
    },
    discover: (params) => pools.discover(profileOf(def, origin), params),
    dispatch: (pool, member) => compose(interceptors, (call) => dispatchCounted(pool, call, member)),
    greeted: recorded.greeted,
    ended: (why) => {
      recorded.ended(why)
      advisor.left(name)
      sessions.delete(session)
      guests.remove(session)
      log.event('session-ended', { session: session.id, server: def.id, client: hello.client })
      services.left()
    },
  })
  sessions.add(session)
  guests.add(session, hello, def.id, () =>
    compose([recorded.interceptor, lazyTools.learn(who), shortens], (call) =>
      dispatchCounted(session.pool!, call, session),
    ),
  )
  log.event('session-started', {
    session: session.id,
    server: def.id,
    client: hello.client,
    relay: hello.relay,
  })
}
