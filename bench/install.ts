import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Installs the locked dependencies of one of the bench's own packages, once; returns its directory. */
export function installed(packageRoot: string, name: 'peers' | 'clients'): string {
  const directory = join(packageRoot, 'bench', name)
  if (!existsSync(join(directory, 'node_modules/.package-lock.json'))) {
    execFileSync('npm', ['ci', '--no-audit', '--no-fund'], {
      cwd: directory,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  }
  return directory
}
