import {
  directoryOf,
  type FileIndex,
  joined,
  nameOf,
  type Resolve,
  type SourceFile,
  targets,
} from './source-file.ts'

/**
 * Rust: `mod a` is `a.rs` or `a/mod.rs` beside the file's own module directory; `crate::`, `self::`, `super::` and the names of the workspace's crates
 * are followed as deep as there are files, as the last segments of a path are items and not files.
 */
export function rustResolver(index: FileIndex): Resolve {
  const crates = new Map<string, string>()
  for (const { directory, text } of index.named('Cargo.toml')) {
    const body = /^\s*\[package\]([\s\S]*?)(?=^\s*\[|$(?![\s\S]))/m.exec(text)?.[1]
    const name = body === undefined ? undefined : /^\s*name\s*=\s*"([^"]+)"/m.exec(body)?.[1]
    if (name !== undefined) crates.set(name.replaceAll('-', '_'), joined(directory, 'src') ?? 'src')
  }
  const roots = [...crates.values()].sort((a, b) => b.length - a.length)
  const rootOf = (path: string): string =>
    roots.find((root) => path.startsWith(`${root}/`)) ?? directoryOf(path)

  return (from, { specifier, kind }) => {
    const parts = specifier.split('::').map((part) => part.trim().replace(/^r#/, ''))
    const own = moduleDirectory(from.path)
    if (kind === 'module' && parts.length === 1) return targets([moduleFile(index, own, parts[0]!)])
    const [first, ...rest] = parts
    if (first === 'crate') return targets([walk(index, rootOf(from.path), rest)])
    if (first === 'self') return targets([walk(index, own, rest, from)])
    if (first === 'super') {
      let directory = directoryOf(own)
      while (rest[0] === 'super') {
        rest.shift()
        directory = directoryOf(directory)
      }
      return targets([walk(index, directory, rest)])
    }
    const crate = crates.get(first!)
    if (crate !== undefined) return targets([walk(index, crate, rest)])
    // A child module by its bare name.
    const child = moduleFile(index, own, first!)
    return child === undefined ? [] : targets([walk(index, own, parts)])
  }
}

/** Where the submodules of a file are. */
function moduleDirectory(path: string): string {
  return /^(mod|lib|main)\.rs$/.test(nameOf(path)) ? directoryOf(path) : path.replace(/\.rs$/, '')
}

function moduleFile(index: FileIndex, directory: string, name: string): SourceFile | undefined {
  const base = directory === '' ? name : `${directory}/${name}`
  return index.get(`${base}.rs`) ?? index.get(`${base}/mod.rs`)
}

function walk(
  index: FileIndex,
  directory: string,
  segments: readonly string[],
  start?: SourceFile,
): SourceFile | undefined {
  let at = directory
  let found = start ?? moduleRoot(index, directory)
  for (const segment of segments) {
    const next = moduleFile(index, at, segment)
    if (next === undefined) break
    found = next
    at = at === '' ? segment : `${at}/${segment}`
  }
  return found
}

function moduleRoot(index: FileIndex, directory: string): SourceFile | undefined {
  const candidates = ['lib.rs', 'main.rs', 'mod.rs'].map((name) =>
    directory === '' ? name : `${directory}/${name}`,
  )
  return [...candidates, `${directory}.rs`].map((path) => index.get(path)).find((file) => file !== undefined)
}
