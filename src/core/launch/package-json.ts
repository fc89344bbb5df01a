import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The part of a package.json that says what runs. */
export interface PackageJson {
  readonly name?: string
  readonly version?: string
  readonly bin?: string | Readonly<Record<string, string>>
  readonly workspaces?: unknown
  readonly _npx?: { readonly packages?: readonly string[] }
}

/** Reads `dir/package.json`; undefined when there is none or it is not an object. */
export function readPackageJson(dir: string): PackageJson | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'))
    return typeof value === 'object' && value !== null ? (value as PackageJson) : undefined
  } catch {
    return undefined
  }
}

/** The nearest package at or above a file that has a name: a `{"type":"module"}` beside built files has none. */
export function packageOf(file: string): PackageJson | undefined {
  for (const dir of upwards(dirname(file))) {
    const found = readPackageJson(dir)
    if (typeof found?.name === 'string') return found
  }
  return undefined
}

/** A directory and all above it, nearest first. */
export function upwards(dir: string): readonly string[] {
  const above = dirname(dir)
  return above === dir ? [dir] : [dir, ...upwards(above)]
}

/** Programs of a package by name; a lone string is named after the package. */
export function binsOf(found: PackageJson): Readonly<Record<string, string>> {
  const { bin, name = '' } = found
  if (typeof bin === 'string') return { [name.replace(/^@[^/]+\//, '')]: bin }
  return bin ?? {}
}

/** The program npx runs when only the package is named; undefined when npx would refuse. */
export function defaultBin(found: PackageJson): string | undefined {
  const bins = binsOf(found)
  const names = Object.keys(bins)
  if (new Set(Object.values(bins)).size === 1) return names[0]
  const own = (found.name ?? '').replace(/^@[^/]+\//, '')
  return names.includes(own) ? own : undefined
}
