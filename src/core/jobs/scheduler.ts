import type { Where } from '../clients/places.ts'
import type { Clock } from '../clock.ts'
import type { Paths } from '../config/paths.ts'
import { MyceliumError } from '../errors.ts'
import { which } from '../launch/which.ts'
import type { JobSet, SchedulerName } from './job-set.ts'
import { runTool, type ToolResult } from './run-tool.ts'

/** Where jobs are installed: the root, the machine, and who asks. */
export interface Ground {
  readonly paths: Paths
  readonly where: Where
  readonly clock: Clock
}

/** One text that a scheduler reads, as it is and as it should be; undefined is not there. */
export interface Change {
  /** A file, or `crontab`. */
  readonly path: string
  readonly before: string | undefined
  readonly after: string | undefined
  /** The job that it is about; undefined where it is about all. */
  readonly job?: string
}

/** What starts jobs by the clock. A member for each of SCHEDULERS. */
export interface Scheduler {
  readonly name: SchedulerName
  /** Why it cannot be used here; undefined when it can. */
  missing(ground: Ground): string | undefined
  /** What would have to change to agree with a set; `undefined` is none at all. Looks only. Throws scheduler_refused, job_path_unusable. */
  changes(set: JobSet | undefined, ground: Ground): Promise<readonly Change[]>
  /** Makes it agree. Throws scheduler_refused and what writing a file throws. */
  apply(set: JobSet | undefined, ground: Ground): Promise<void>
}

/** Those of the texts that are not as they should be. */
export function differing(changes: readonly Change[]): readonly Change[] {
  return changes.filter(({ before, after }) => before !== after)
}

/** The path of a program of the system; undefined where there is none. */
export function toolPath(name: string, { where }: Ground): string | undefined {
  return which(name, { cwd: where.cwd, env: where.env })
}

/** Runs a program of the system. Throws scheduler_missing. */
export async function callTool(
  name: string,
  args: readonly string[],
  ground: Ground,
  options: { readonly input?: Buffer; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<ToolResult> {
  const file = toolPath(name, ground)
  if (file === undefined) throw new MyceliumError('scheduler_missing', `${name} is not on this machine`)
  return runTool(file, args, {
    // Answers are told apart by their words.
    env: { ...ground.where.env, ...options.env, LC_ALL: 'C' },
    clock: ground.clock,
    ...(options.input !== undefined && { input: options.input }),
  })
}

/** What a program of the system said against it. */
export function refusal(name: string, { code, stderr }: ToolResult): MyceliumError {
  const said = stderr.trim().split('\n').slice(0, 2).join('; ')
  return new MyceliumError('scheduler_refused', `${name}: ${said || `it ended with ${code ?? 'a signal'}`}`)
}
