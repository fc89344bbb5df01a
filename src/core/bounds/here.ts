import { type Ladder, ladderOf } from './ladder.ts'
import { MECHANISMS, type Mechanism, type RunTool } from './rung.ts'

/** Where programs of the system are; nothing of whoever started this. */
const PROGRAM_PATH = '/usr/local/bin:/usr/bin:/bin:/run/current-system/sw/bin'

/** Environment for programs of the system that speak to the user's systemd. */
export function toolEnvironment(): Readonly<Record<string, string>> {
  return { PATH: PROGRAM_PATH, XDG_RUNTIME_DIR: runtimeDir() }
}

/** What the user wants of it: envelope.cgroup, and envelope.mechanism, from which on rungs are taken. */
export interface Wanted {
  readonly given: string
  readonly from: string
}

/** What this machine has for this user. For a look alone neither tool nor processes are needed. */
export function ladderHere(
  { given, from }: Wanted,
  run: RunTool = async () => {},
  ours: () => readonly number[] = () => [],
): Ladder {
  const ladder = ladderOf({
    platform: process.platform,
    given,
    path: PROGRAM_PATH,
    runtimeDir: runtimeDir(),
    run,
    ours,
  })
  const first = (MECHANISMS as readonly string[]).indexOf(from)
  const isWanted = ({ mechanism }: { mechanism: Mechanism }) => MECHANISMS.indexOf(mechanism) >= first
  const rungs = ladder.rungs.filter(isWanted)
  const left = ladder.rungs
    .filter((rung) => !isWanted(rung))
    .map(({ mechanism }) => ({
      mechanism,
      because: `envelope.mechanism is ${from}`,
      next: 'mycelium config unset envelope.mechanism, then mycelium daemon restart',
    }))
  return { rungs, refused: [...ladder.refused.filter(isWanted), ...left] }
}

function runtimeDir(): string {
  return `/run/user/${process.getuid?.() ?? 0}`
}
