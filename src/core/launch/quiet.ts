import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Paths } from '../config/paths.ts'
import { shellQuote } from './render.ts'

/** The name below bin/ of what hooks and status lines of clients call; clients/our-files.ts removes it. */
export const QUIET_NAME = 'quiet'

/** Where it is. */
export function quietPath(paths: Pick<Paths, 'bin'>): string {
  return join(paths.bin, QUIET_NAME)
}

/** Its text: one sh file that ends with 0 whatever is missing. `packageDir` holds templates/ and dist/. */
export function renderQuiet(paths: Pick<Paths, 'root'>, nodePath: string, packageDir: string): string {
  const values: Readonly<Record<string, string>> = {
    root: shellQuote(paths.root),
    node: shellQuote(nodePath),
    dist: shellQuote(join(packageDir, 'dist')),
  }
  const template = readFileSync(join(packageDir, 'templates/quiet.sh'), 'utf8')
  return template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? '')
}
