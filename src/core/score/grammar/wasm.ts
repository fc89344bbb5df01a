import { basename, join } from 'node:path'
import { packageRoot } from '../../config/package-root.ts'

/** Where a file of a package is: copied into dist/ by scripts/build.mjs, in node_modules while the sources run as they are. */
export function wasmPath(inPackages: string): string {
  return import.meta.url.endsWith('.ts')
    ? join(packageRoot(), 'node_modules', inPackages)
    : join(packageRoot(), 'dist/grammars', basename(inPackages))
}
