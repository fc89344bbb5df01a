import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Paths } from '../config/paths.ts'
import { relayPath } from './compiled-relay.ts'
import { shellQuote } from './render.ts'

/** The name below bin/ of what hooks and status lines of clients call; clients/our-files.ts removes it. */
export const QUIET_NAME = 'quiet'

/** Where it is. */
export function quietPath(paths: Pick<Paths, 'bin'>): string {
  return join(paths.bin, QUIET_NAME)
}

/**
 * Its text: one sh file that ends with 0 whatever is missing, the compiled relay included: that is named whether it is there or not. `packageDir` holds
 * templates/ and dist/.
 */
export function renderQuiet(paths: Paths, nodePath: string, packageDir: string): string {
  const source = join(packageDir, 'templates/relay.c')
  const words: Readonly<Record<string, string>> = {
    root: paths.root,
    run: paths.run,
    socket: paths.socket,
    quickSocket: paths.quickSocket,
    relayBinary: relayPath({ paths, source }),
    quiet: quietPath(paths),
    node: nodePath,
    dist: join(packageDir, 'dist'),
  }
  const template = readFileSync(join(packageDir, 'templates/quiet.sh'), 'utf8')
  return template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => shellQuote(words[name] ?? ''))
}
