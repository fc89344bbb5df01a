import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, join, resolve } from 'node:path'

/** Where a command line is started. */
export interface Place {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
}

/** The absolute path the system would execute for a command, or undefined. */
export function which(command: string, { cwd, env }: Place): string | undefined {
  if (command === '') return undefined
  if (command.includes('/')) {
    const path = isAbsolute(command) ? command : resolve(cwd, command)
    return isExecutable(path) ? path : undefined
  }
  for (const dir of searchPath({ cwd, env })) {
    const path = join(dir, command)
    if (isExecutable(path)) return path
  }
  return undefined
}

/** PATH as absolute directories, in order; an empty entry means the working directory. */
export function searchPath({ cwd, env }: Place): readonly string[] {
  // execvp's own default where PATH is unset.
  const value = env.PATH ?? '/usr/local/bin:/usr/bin:/bin'
  return value.split(delimiter).map((dir) => resolve(cwd, dir))
}

function isExecutable(path: string): boolean {
  try {
    if (!statSync(path).isFile()) return false
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
