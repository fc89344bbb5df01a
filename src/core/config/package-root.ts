import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Filled in by scripts/build.mjs; absent when the sources run as they are. */
declare const MYCELIUM_VERSION: string | undefined

/** Directory of package.json, from the sources and from dist/ alike: templates/ and dist/daemon.js are found below it. */
export function packageRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(directory, 'package.json'))) {
    const parent = dirname(directory)
    if (parent === directory) throw new Error(`no package.json above ${fileURLToPath(import.meta.url)}`)
    directory = parent
  }
  return directory
}

/** This package's version. */
export function packageVersion(): string {
  if (typeof MYCELIUM_VERSION === 'string') return MYCELIUM_VERSION
  return (JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string })
    .version
}
