import type { ImportRef } from '../analysis.ts'
import type { OxcResolve } from './oxc.ts'
import { cResolver } from './resolve-c.ts'
import { ecmaResolver } from './resolve-ecma.ts'
import { goResolver } from './resolve-go.ts'
import { jvmResolver } from './resolve-jvm.ts'
import { csharpResolver, pathResolver, phpResolver, rubyResolver } from './resolve-names.ts'
import { pythonResolver } from './resolve-python.ts'
import { rustResolver } from './resolve-rust.ts'
import { type FileIndex, fileIndex, nameOf, type Resolve, type SourceFile } from './source-file.ts'

/** One file that takes something from another. */
export interface Edge {
  readonly from: string
  readonly to: string
  /** 1 for a plain import; less for types alone, for one file of a package, for a barrel that only passes names on. */
  readonly weight: number
  readonly typeOnly: boolean
}

/** What helps to resolve besides the files. */
export interface EdgeOptions {
  /** Text of a manifest of the repository, or undefined. */
  readonly read: (path: string) => string | undefined
  /** Where the tree is on disk and the binary installed; see loadOxc. */
  readonly oxc?: OxcResolve | undefined
}

/** Types bind less than values: a change behind them is a change of a signature. */
const TYPE_WEIGHT = 0.5
const BARREL_WEIGHT = 0.2
/** Barrels of barrels of barrels. */
const MAX_DEPTH = 8

type Family = (index: FileIndex, oxc: OxcResolve | undefined) => Resolve

const FAMILIES: Readonly<Record<string, Family>> = {
  typescript: ecmaResolver,
  tsx: ecmaResolver,
  javascript: ecmaResolver,
  jsx: ecmaResolver,
  vue: ecmaResolver,
  svelte: ecmaResolver,
  python: pythonResolver,
  go: goResolver,
  rust: rustResolver,
  java: jvmResolver,
  kotlin: jvmResolver,
  c: cResolver,
  cpp: cResolver,
  ruby: rubyResolver,
  php: phpResolver,
  csharp: csharpResolver,
}

/** The edges among the files, each pair once and no file to itself, in order of files and mentions. A mention that cannot be resolved is none. */
export function importEdges(files: readonly SourceFile[], options: EdgeOptions): readonly Edge[] {
  const index = fileIndex(files, options.read)
  const resolvers = new Map<string, Resolve>()
  const resolverFor = (language: string): Resolve => {
    const known = resolvers.get(language)
    if (known !== undefined) return known
    const made = safe((FAMILIES[language] ?? pathResolver)(index, options.oxc))
    resolvers.set(language, made)
    return made
  }
  const edges = new Map<string, Edge>()
  for (const file of files) {
    for (const ref of file.imports) {
      for (const { file: target, share } of resolverFor(file.language)(file, ref)) {
        const weight = share * (ref.typeOnly ? TYPE_WEIGHT : 1)
        const definers = definersOf(target, ref.names, resolverFor)
        const through = definers.length > 0
        add(edges, file, target, through ? weight * BARREL_WEIGHT : weight, ref.typeOnly)
        for (const definer of definers) add(edges, file, definer, weight, ref.typeOnly)
      }
    }
  }
  return [...edges.values()]
}

function add(
  edges: Map<string, Edge>,
  from: SourceFile,
  to: SourceFile,
  weight: number,
  typeOnly: boolean,
): void {
  if (from === to) return
  const key = `${from.path}\0${to.path}`
  const known = edges.get(key)
  edges.set(key, {
    from: from.path,
    to: to.path,
    weight: Math.max(weight, known?.weight ?? 0),
    typeOnly: typeOnly && (known?.typeOnly ?? true),
  })
}

/** A tree can hold anything; one odd mention must cost no more than itself. */
function safe(resolve: Resolve): Resolve {
  return (from, ref) => {
    try {
      return resolve(from, ref)
    } catch {
      return []
    }
  }
}

/** Files that define the names which a file only passes on; none when it defines them itself, or all of it is taken. */
function definersOf(
  file: SourceFile,
  names: readonly string[],
  resolverFor: (language: string) => Resolve,
): readonly SourceFile[] {
  const passed = file.imports.filter((ref) => passesOn(file, ref))
  if (passed.length === 0) return []
  const seen = new Set<string>()
  const follow = (at: SourceFile, name: string, depth: number): SourceFile | undefined => {
    const key = `${at.path}\0${name}`
    if (depth > MAX_DEPTH || seen.has(key)) return undefined
    seen.add(key)
    const refs = at.imports.filter((ref) => passesOn(at, ref))
    const resolve = resolverFor(at.language)
    const named = refs.find((ref) => ref.names.includes(name))
    if (named !== undefined) {
      const next = resolve(at, named)[0]?.file
      return next === undefined ? undefined : (follow(next, name, depth + 1) ?? next)
    }
    if (at !== file && at.exports.includes(name)) return at
    for (const ref of refs) {
      if (!ref.names.includes('*')) continue
      const next = resolve(at, ref)[0]?.file
      const found = next === undefined ? undefined : follow(next, name, depth + 1)
      if (found !== undefined) return found
    }
    return undefined
  }
  const found = names.map((name) => (name === '*' ? undefined : follow(file, name, 0)))
  return [...new Set(found)].filter((definer) => definer !== undefined && definer !== file) as SourceFile[]
}

function passesOn(file: SourceFile, ref: ImportRef): boolean {
  // In a package's __init__ every import is also an offer.
  return ref.kind === 'reexport' || (ref.kind === 'import' && nameOf(file.path).startsWith('__init__.py'))
}
