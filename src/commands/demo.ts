import { DEMO_CLIENTS, writeConfigs } from '../core/bench/demo-clients.ts'
import { type PhaseOptions, runPhase } from '../core/bench/demo-phase.ts'
import { comparison, type DemoFigures, demoJson } from '../core/bench/demo-report.ts'
import { demoServers } from '../core/bench/demo-servers.ts'
import { differences, snapshotOf } from '../core/bench/home-snapshot.ts'
import { killAll } from '../core/bench/processes.ts'
import { runMycelium } from '../core/bench/run-command.ts'
import { createSandbox, removeSandbox, type Sandbox } from '../core/bench/sandbox.ts'
import { allWarm } from '../core/bench/warm-servers.ts'
import { stayAlive, systemClock } from '../core/clock.ts'
import { packageRoot } from '../core/config/package-root.ts'
import { pathsOf, rootFrom } from '../core/config/paths.ts'
import { daemonStatus } from '../core/daemon/connect.ts'
import { MyceliumError } from '../core/errors.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'

/** `mycelium demo`. */
export interface DemoOptions {
  readonly json?: boolean
}

/** Shows the main job on real servers in a sandbox: the same sessions directly and through mycelium, then undo. Throws demo_failed when a promise broke. */
export async function runDemo(io: Io, options: DemoOptions): Promise<void> {
  const release = stayAlive()
  const sandbox = createSandbox(io.env.PATH ?? '')
  const { signal } = io
  // Whoever is waited for is killed, so that every wait ends at once.
  signal.addEventListener('abort', () => killAll(sandbox.home), { once: true })
  const progress = progressOf(io)
  try {
    const found = await compare(io, sandbox, progress.step)
    progress.end()
    io.write(options.json ? jsonText(demoJson(found)) : comparison(found, io))
    refuseBroken(found)
    if (!options.json) io.write(nextSteps())
  } catch (error) {
    progress.end()
    if (signal.aborted)
      throw new MyceliumError('interrupted', 'stopped; the sandbox is gone', { hint: 'run it again' })
    throw error
  } finally {
    removeSandbox(sandbox)
    release()
  }
}

async function compare(io: Io, sandbox: Sandbox, step: (text: string) => void): Promise<DemoFigures> {
  const root = packageRoot()
  const servers = demoServers(root, sandbox)
  step(
    `sandbox ${sandbox.root}: ${servers.length} servers in the configs of ${DEMO_CLIENTS.map((c) => c.name).join(', ')}`,
  )
  writeConfigs(sandbox, servers)
  const base = { packageRoot: root, sandbox, clock: systemClock, signal: io.signal }
  const phase = (name: string, holder: Pick<PhaseOptions, 'holder'>) =>
    runPhase({ ...base, ...holder, progress: (text) => step(`${name}: ${text}`) })

  const direct = await phase('direct', {})
  killAll(sandbox.home)
  const before = snapshotOf(sandbox.home)
  step('mycelium init --yes')
  await runMycelium(root, sandbox, ['init', '--yes'])
  const through = await phase('mycelium', { holder: holderOf(sandbox) })
  step('mycelium undo')
  await runMycelium(root, sandbox, ['undo'])
  return { direct, through, undoDifferences: differences(before, snapshotOf(sandbox.home)) }
}

function holderOf(sandbox: Sandbox): NonNullable<PhaseOptions['holder']> {
  const paths = pathsOf(rootFrom(sandbox.env))
  return {
    ready: () => allWarm(paths),
    status: async () => {
      const status = await daemonStatus(paths)
      if (status === undefined)
        throw new MyceliumError('demo_failed', 'no daemon runs although sessions are open')
      return status
    },
  }
}

function refuseBroken({ through, undoDifferences }: DemoFigures): void {
  const broken = [
    ...(through.orphans > 0 ? [`${through.orphans} processes outlived the daemon`] : []),
    ...undoDifferences.map((line) => `after undo: ${line}`),
  ]
  if (broken.length > 0) throw new MyceliumError('demo_failed', broken.join('; '))
}

function nextSteps(): string {
  return `\nNothing outside the sandbox was touched, and undo left it as it was. On your own machine:

  npm install -g .       puts mycelium on your PATH
  mycelium init          shows the diff of your agents' configs and asks before it writes
`
}

/** One line that is written over on a terminal, a line per step elsewhere. */
function progressOf(io: Io): { step(text: string): void; end(): void } {
  if (!io.terminal.stderr) return { step: (text) => io.talk(`${text}\n`), end: () => {} }
  const columns = Math.max(20, io.width - 1)
  return {
    step: (text) => io.talk(`\r\u001b[K${io.paint.stderr.faint(text.slice(0, columns))}`),
    end: () => io.talk('\r\u001b[K'),
  }
}
