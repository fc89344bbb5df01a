import type { OxcResolve } from './oxc.ts'
import { directoryOf, type FileIndex, joined, type Resolve, type SourceFile, targets } from './source-file.ts'

const EXTENSIONS = [
  '.ts',
  '.tsx',
  '.mts',
  '.cts',
  '.d.ts',
  '.js',
  '.jsx',
  '.mjs',
  '.cjs',
  '.vue',
  '.svelte',
  '.json',
]
/** What a written `.js` may be in the sources, as TypeScript reads it. */
const SOURCES_OF: Readonly<Record<string, readonly string[]>> = {
  '.js': ['.ts', '.tsx', '.d.ts', '.jsx'],
  '.jsx': ['.tsx'],
  '.mjs': ['.mts'],
  '.cjs': ['.cts'],
}

/**
 * TypeScript and JavaScript. Relative mentions are looked up among the files; aliases, `#imports` and packages are left to oxc-resolver where it is
 * present and the tree is on disk; packages of the workspace, whose built output it does not find in a fresh clone, to their sources.
 */
export function ecmaResolver(index: FileIndex, oxc: OxcResolve | undefined): Resolve {
  const packages = workspacePackages(index)
  return (from, { specifier }) => {
    const bare = specifier.replace(/[?#].*$/, '') || specifier
    if (/^\.{0,2}\//.test(bare) || bare === '.' || bare === '..') {
      const path = joined(bare.startsWith('/') ? '' : directoryOf(from.path), bare)
      const found = path === undefined ? undefined : fileFor(index, path)
      if (found !== undefined || oxc === undefined) return targets([found])
    }
    const path = oxc?.(from.path, specifier)
    const resolved = path === undefined ? undefined : (index.get(path) ?? sourceOfOutput(index, path))
    return targets([resolved ?? inWorkspace(index, packages, specifier)])
  }
}

function fileFor(index: FileIndex, path: string): SourceFile | undefined {
  const exact = index.get(path)
  if (exact !== undefined) return exact
  const written = /\.[cm]?jsx?$/.exec(path)?.[0]
  for (const extension of written === undefined ? [] : (SOURCES_OF[written] ?? [])) {
    const found = index.get(path.slice(0, -written!.length) + extension)
    if (found !== undefined) return found
  }
  for (const base of [path, path === '' ? 'index' : `${path}/index`])
    for (const extension of EXTENSIONS) {
      const found = index.get(base + extension)
      if (found !== undefined) return found
    }
  return undefined
}

interface WorkspacePackage {
  readonly directory: string
  /** What `exports`, `main` and the like name, for the package itself. */
  readonly entries: readonly string[]
}

function workspacePackages(index: FileIndex): ReadonlyMap<string, WorkspacePackage> {
  const packages = new Map<string, WorkspacePackage>()
  for (const { directory, text } of index.named('package.json')) {
    try {
      const { name, exports, module, main, types } = JSON.parse(text) as Record<string, unknown>
      if (typeof name !== 'string') continue
      const entries = [
        ...pathsIn((exports as Record<string, unknown> | undefined)?.['.'] ?? exports),
        module,
        main,
        types,
      ]
      packages.set(name, { directory, entries: entries.filter((entry) => typeof entry === 'string') })
    } catch {
      // A broken manifest names no package.
    }
  }
  return packages
}

/** Strings in a value of `exports`, in order, whatever conditions they stand under. */
function pathsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value).flatMap(([key, inner]) => (key.startsWith('./') ? [] : pathsIn(inner)))
}

function inWorkspace(
  index: FileIndex,
  packages: ReadonlyMap<string, WorkspacePackage>,
  specifier: string,
): SourceFile | undefined {
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  const found = packages.get(name)
  if (found === undefined) return undefined
  const subpath = specifier.slice(name.length + 1)
  const tries = subpath === '' ? [...found.entries, 'src', ''] : [subpath, `src/${subpath}`]
  for (const entry of tries) {
    const path = joined(found.directory, entry)
    const file = path === undefined ? undefined : (fileFor(index, path) ?? sourceOfOutput(index, path))
    if (file !== undefined) return file
  }
  return undefined
}

const OUTPUT = /(^|\/)(dist|lib|build|out|esm|cjs)(?:\/(?:esm|cjs|types))?\//

/** `packages/a/dist/b.js` is built from `packages/a/src/b.ts` nearly everywhere. */
function sourceOfOutput(index: FileIndex, path: string): SourceFile | undefined {
  const source = path.replace(/\.d\.([cm]?)ts$/, '.$1js')
  return OUTPUT.test(source)
    ? (fileFor(index, source.replace(OUTPUT, '$1src/')) ?? fileFor(index, source.replace(OUTPUT, '$1')))
    : undefined
}
