import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import type { Identity } from '../process.ts'
import { killAll } from './processes.ts'

/** A home of its own in a temporary directory: what is started with its environment touches nothing outside and can be found again. */
export interface Sandbox {
  readonly root: string
  readonly home: string
  /** Where agents work. */
  readonly project: string
  /** Like a login shell's, without anything of the caller's but the search path. */
  readonly env: Readonly<Record<string, string>>
}

/** Creates a sandbox; pairs with removeSandbox. `path` is the caller's PATH. */
export function createSandbox(path: string): Sandbox {
  // Short, because socket paths below it must stay under 103 bytes; real, because processes name it by its real path.
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'my-')))
  const home = join(root, 'home')
  const project = join(root, 'work')
  for (const directory of [home, project]) mkdirSync(directory)
  return {
    root,
    home,
    project,
    env: {
      HOME: home,
      LANG: 'C.UTF-8',
      PATH: [dirname(process.execPath), path].join(delimiter),
      TERM: 'dumb',
    },
  }
}

/** Kills everything that runs in the sandbox and deletes it; returns the processes that would not die (nobody, unless the system refuses). */
export function removeSandbox(sandbox: Sandbox): Identity[] {
  const left = killAll(sandbox.home)
  rmSync(sandbox.root, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  return left
}
