import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { CatalogEntry } from './catalog.ts'
import { readNpmCommand } from './npm-command.ts'
import { upwards } from './package-json.ts'

/** A file to be made: `data.db` means another file in another directory although it does not exist yet. */
const FILE_NAME =
  /\.(?:db|sqlite3?|duckdb|jsonl?|ndjson|ya?ml|toml|csv|parquet|txt|md|env|log|pem|key|crt|m?js|ts|py)$/i

/**
 * Whether two sessions in different directories would get different servers: true unless the catalog says the
 * directory is ignored and neither an argument nor a counted variable looks like a relative path.
 */
export function cwdMatters(
  entry: CatalogEntry | undefined,
  argv: readonly string[],
  keyEnv: Readonly<Record<string, string>>,
  cwd: string,
): boolean {
  if (entry?.cwd !== 'ignored') return true
  if (entry.cwdFiles?.some((file) => existsSync(join(cwd, file)))) return true
  const [command = '', ...args] = argv
  if (/^\.{0,2}[^/]+\//.test(command)) return true
  const npm = readNpmCommand(command.replace(/^.*\//, ''), args)
  if (npm && hasLocally(npm.spec.name, cwd)) return true
  const names = Object.values(entry.match).flat()
  const isProgram = (word: string) =>
    names.some((name) => word === name || word.startsWith(`${name}@`) || word.startsWith(`${name}:`))
  const values = Object.entries(keyEnv).filter(([name]) => name !== 'USER')
  const words = [...args.filter((arg) => !isProgram(arg)), ...values.map(([, value]) => value)]
  return words.some((word) => word.split(/[=,:;\s]/).some((part) => isRelativePath(part, cwd)))
}

/** npx takes a project's own copy of a package before any other. */
function hasLocally(name: string, cwd: string): boolean {
  return upwards(cwd).some((dir) => existsSync(join(dir, 'node_modules', name)))
}

function isRelativePath(part: string, cwd: string): boolean {
  if (part === '' || part.startsWith('/') || part.startsWith('-') || part.length > 4096) return false
  if (/^\.{1,2}(?:\/|$)/.test(part)) return true
  const [head] = part.split('/')
  return FILE_NAME.test(part) || existsSync(join(cwd, head!))
}
