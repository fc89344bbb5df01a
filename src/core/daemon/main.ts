import { readFileSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { systemClock } from '../clock.ts'
import { benchClock } from '../config/bench-clock.ts'
import { packageRoot, packageVersion } from '../config/package-root.ts'
import { failureNotePath, leaveFailureNote, type Paths, pathsOf, preparePaths } from '../config/paths.ts'
import { isSetUp } from '../config/registry.ts'
import type { User } from '../lazy/uses.ts'
import { openLog } from '../log.ts'
import { endSpares, sweepPools } from '../policy/janitor.ts'
import { Saturation } from '../policy/saturation.ts'
import { limitsFrom } from '../pool/limits.ts'
import { Pools } from '../pool/pools.ts'
import { type Identity, identityOf } from '../process.ts'
import type { Session } from '../session/session.ts'
import { SilentClients } from '../session/silent-clients.ts'
import { advancing } from './advance.ts'
import { Advisor } from './advisor.ts'
import { AgentsSeen } from './agents-seen.ts'
import { attachAgent } from './attach.ts'
import { serveControl } from './control.ts'
import { recordDraining } from './draining.ts'
import { stopAtEndings } from './endings.ts'
import { every } from './every.ts'
import { sayFarewell } from './farewell.ts'
import { Guests } from './guests.ts'
import { type Hello, refuseUnlessUtf8 } from './hello.ts'
import { Ingester } from './ingester.ts'
import { bootIdOf, sweepLeftovers } from './journal.ts'
import { KeepWarm, measuredBy } from './keep-warm.ts'
import { KnownServers } from './known-servers.ts'
import { LazyTools } from './lazy-tools.ts'
import { Listener } from './listen.ts'
import { acquireLock, DAEMON_LOCK } from './lock.ts'
import { loggedSettings } from './logged-settings.ts'
import { meaningCommands } from './meaning-commands.ts'
import { overviewOf, statusOf } from './overview.ts'
import { poolCommands } from './pool-commands.ts'
import { Processes } from './processes.ts'
import { QuickHost } from './quick-host.ts'
import { Recording } from './recording.ts'
import { serverRows, sessionRows } from './report.ts'
import { Shortener } from './shortener.ts'
import { LOCK_HELD_EXIT } from './start.ts'
import { ToolTexts } from './tool-texts.ts'
import { removeTraces } from './traces.ts'
import { treesOf } from './trees.ts'
import { warmServers } from './warm.ts'
import { startWatcher } from './watcher.ts'
import type { DaemonStatus, WarmTarget } from './wire.ts'

const TICK_MS = 1_000
const SNAPSHOT_MS = 2_000
const SAMPLE_TICK_MS = 250
const MEMORY_TICK_MS = 250
const STOP_LIMIT_MS = 10_000
/** A launcher that outlived an undo starts a daemon of no use: it stays for as long as the launcher may need to be refused. */
const NOTHING_SET_UP_MS = 5_000

/** Why a daemon ends that has nothing to serve any more. */
const UNDONE = 'nothing is set up'

/** Wiring only: builds the services and lets them run until the daemon is told to stop or has nothing to do. */
async function run(paths: Paths): Promise<void> {
  preparePaths(paths)
  const jumping = benchClock()
  const clock = jumping ?? systemClock
  let recordingLater: Recording | undefined
  const log = openLog(paths.log, clock, (name, fields) => recordingLater?.recorder.logged(name, fields))
  const daemon = identityOf(process.pid) as Identity
  const lock = await acquireLock(paths.run, DAEMON_LOCK, { identity: daemon })
  if ('heldBy' in lock) {
    process.exitCode = LOCK_HELD_EXIT
    return
  }
  const settings = loggedSettings(paths, log)
  const limits = limitsFrom(settings)
  const bootId = bootIdOf(paths, daemon)
  const toolTexts = new ToolTexts({ paths, log, mayKeep: () => settings.get('events.enabled') })
  let advisorLater: Advisor | undefined
  const recording = new Recording({
    ...{ paths, clock, log, settings, daemon },
    also: (kind, event) => advisorLater?.note(kind, event),
    listed: (server, answer) => toolTexts.listed(server, answer),
  })
  recordingLater = recording
  const ingester = new Ingester({ paths, clock, log })
  const sweeping = sweepLeftovers(paths, clock)
  const watcher = await startWatcher({
    script: readFileSync(join(packageRoot(), 'templates', 'watcher.sh'), 'utf8'),
    bootId,
    onLost: (because) => log.event('watcher-lost', { because }),
  })
  const held = { pools: (): Pools => pools, settings, limits }
  const processes: Processes = new Processes({ paths, clock, log, watcher, bootId, daemon, ...held })
  const { envelopes } = processes
  const pools = new Pools({
    clock,
    log,
    limits,
    spawn: (profile) => processes.spawn(profile),
    end: (upstream) => processes.end(upstream),
  })
  settings.onChange(['pools.warm_spares.enabled'], () => {
    if (!settings.get('pools.warm_spares.enabled')) endSpares(pools, 'warm spares were switched off')
  })
  const saturation = new Saturation(clock)
  const measured = () => measuredBy(recording, pools)
  const keepWarm = new KeepWarm({ paths, clock, log, limits, settings, pools, measured })
  const wishFor = (server: string) => keepWarm.wishFor(server)
  const shortener = new Shortener({ paths, clock, log, limits })
  const quickHost = new QuickHost({ paths, clock, log, settings })
  const servers = new KnownServers(paths)
  const advisor = new Advisor({
    ...{ paths, clock, log, limits, settings, pools, servers, keepWarm, whyNoRoom: envelopes.whyNoRoom },
    tell: (event) => recording.append('guess', event),
  })
  advisorLater = advisor
  const agents = new AgentsSeen(paths)
  const lazyTools = new LazyTools({ paths, clock, log, settings, servers })
  const sessions = new Set<Session>()
  const guests = new Guests({ clock, log, limits })
  const startedAtMs = clock.now()
  let nextSession = 1
  let forgetDraining: (() => void) | undefined
  let handedOver = false
  let wasSetUp = isSetUp(paths)
  let idleSinceMs = clock.now()

  const silent = new SilentClients(() => limits.rootsMs)
  const arrivals = {
    ...{ paths, bootId, clock, log, limits, settings, servers, pools, agents, sessions, guests },
    ...{ advisor, lazyTools, shortener, recording, silent },
    left: () => stopIfDrained(),
  }
  const attach = (hello: Hello, socket: Socket): void => {
    if (!guests.admits(hello, socket)) attachAgent(`s${nextSession++}`, hello, socket, arrivals)
  }

  const listener = new Listener({
    paths,
    clock,
    log,
    doors: {
      check: (hello) => {
        refuseUnlessUtf8(hello, servers.get(hello.server).envNames)
        guests.check(hello)
      },
      agent: attach,
      control: (socket, rest) => serveControl(socket, rest, commands),
    },
    quiet: () => stopIfDrained(),
  })

  /** After a handover: once nobody is here, nor on the way in. */
  const stopIfDrained = (): void => {
    if (handedOver && sessions.size === 0 && !listener.busy) void stop('drained')
  }

  let stopping: Promise<void> | undefined
  const stop = (why: string): Promise<void> => {
    stopping ??= (async () => {
      log.event('daemon-stopping', { because: why, sessions: sessions.size })
      listener.close()
      shortener.close()
      advisor.close()
      const quickEnd = quickHost.close()
      const farewell = sayFarewell(sessions, clock)
      if (why !== UNDONE) for (const learner of [keepWarm, lazyTools]) learner.save()
      pools.close('mycelium is stopping')
      await Promise.race([processes.settled(), new Promise((resolve) => setTimeout(resolve, STOP_LIMIT_MS))])
      processes.killAll()
      envelopes.close()
      await watcher.stop()
      await Promise.all([farewell, quickEnd])
      await Promise.race([recording.close(), new Promise((resolve) => setTimeout(resolve, STOP_LIMIT_MS))])
      forgetDraining?.()
      if (forgetDraining === undefined && why === UNDONE) await removeTraces(paths, daemon)
      lock.release()
      log.event('daemon-stopped')
      // Answers on their way out get their turn.
      setImmediate(() => process.exit(0))
    })()
    return stopping
  }

  const status = (): DaemonStatus =>
    statusOf(paths, {
      uptimeMs: Math.round(clock.now() - startedAtMs),
      draining: forgetDraining !== undefined,
      sessions: sessions.size,
      upstreams: processes.count,
      watcherPid: watcher.pid ?? null,
    })

  const commands = {
    ...advancing(jumping, { pools, sessions, ingester, rounds: () => [tick, sample, memory] }),
    status,
    /** Makes everything recorded so far readable. */
    flush: () => recording.flush(),
    servers: () => serverRows(servers.all(), pools, clock),
    overview: () =>
      overviewOf({ status: status(), servers: servers.all(), pools, sessions, recording, clock }),
    sessions: () => sessionRows(sessions),
    used: (args: Readonly<Record<string, unknown>>) => lazyTools.usedBy(args as unknown as User),
    enforcement: () => envelopes.enforcement(),
    enforce: () => envelopes.enforce(),
    reload: () => ({ problem: settings.look()?.message ?? null }),
    heard: (args: Readonly<Record<string, unknown>>) => advisor.heard(args),
    quick: () => quickHost.asked(),
    forget: ({ session, client, project }: Readonly<Record<string, unknown>>) => {
      for (const agent of [String(session), ...guests.agentsAt(String(client), String(project))])
        shortener.forget(agent)
    },
    warm: (args: Readonly<Record<string, unknown>>) => {
      const services = { clock, limits, pools, servers, agents, whyNoRoom: envelopes.whyNoRoom }
      return warmServers(args.targets as readonly WarmTarget[], services)
    },
    ...poolCommands(pools, servers),
    ...meaningCommands(shortener),
    stop: async () => {
      const open = sessions.size
      await Promise.race([stopAllButExit(), new Promise((resolve) => setTimeout(resolve, STOP_LIMIT_MS))])
      setImmediate(() => void stop('stopped on request'))
      return { sessions: open }
    },
    handover: async () => {
      forgetDraining = recordDraining(paths, daemon)
      await Promise.all([listener.handOver(), quickHost.close()])
      lock.release()
      handedOver = true
      log.event('daemon-draining', { sessions: sessions.size })
      for (const pool of pools.all())
        for (const spare of pool.lists.in('spare'))
          pool.retirement.afterCalls(spare, 'a new daemon takes over')
      stopIfDrained()
      return { sessions: sessions.size, pid: process.pid }
    },
  }

  /** Ends sessions and servers, so that the answer to `stop` means that nothing is left but this process. */
  const stopAllButExit = async (): Promise<void> => {
    pools.close('mycelium is stopping')
    const farewell = sayFarewell(sessions, clock)
    await processes.settled()
    await Promise.all([farewell, quickHost.close()])
    await recording.close()
  }

  stopAtEndings(log, (why) => void stop(why))

  await listener.open()
  rmSync(failureNotePath(paths), { force: true })
  log.event('daemon-started', { pid: process.pid, version: packageVersion() })
  void sweeping.then(({ ended, survivors }) => {
    if (ended.length + survivors.length > 0)
      log.event('leftovers-ended', { ended: ended.length, survivors: survivors.length })
  })

  const tick = every(log, TICK_MS, () => {
    if (stopping !== undefined) return
    settings.look()
    keepWarm.look()
    lazyTools.look()
    advisor.look()
    sweepPools({ clock, log, limits, settings, pools, saturation, wishFor, whyNoRoom: envelopes.whyNoRoom })
    const setUp = isSetUp(paths)
    const idleMs = clock.now() - idleSinceMs
    if (!setUp && (wasSetUp || idleMs > NOTHING_SET_UP_MS)) return void stop(UNDONE)
    wasSetUp ||= setUp
    if (forgetDraining !== undefined) return
    void listener.heal().catch((error: unknown) => log.event('bug', { what: String(error) }))
    ingester.tick()
    shortener.tick()
    if (sessions.size > 0 || processes.count > 0) idleSinceMs = clock.now()
    else if (idleMs > keepWarm.staysMs) void stop('nothing to do')
  })
  every(log, SNAPSHOT_MS, () => {
    if (processes.count > 0) processes.snapshot()
  })
  const sample = every(log, SAMPLE_TICK_MS, () => recording.tick(() => treesOf(pools)))
  const memory = every(log, MEMORY_TICK_MS, () => envelopes.tick())
}

const [, , verb, root] = process.argv
if (verb === 'run' && root !== undefined) {
  // Messages live for a moment; a young generation that grows with load would keep tens of MB for them ever after.
  setFlagsFromString('--semi-space-growth-factor=1')
  const paths = pathsOf(root)
  run(paths).then(undefined, (error: unknown) => {
    const what = error instanceof Error ? error.message : String(error)
    console.error(`mycelium daemon: ${what}`)
    leaveFailureNote(paths, what)
    process.exit(1)
  })
}
