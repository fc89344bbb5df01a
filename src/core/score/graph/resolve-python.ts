import type { ImportRef } from '../analysis.ts'
import {
  directoryOf,
  type FileIndex,
  joined,
  nearest,
  type Resolve,
  type SourceFile,
  targets,
} from './source-file.ts'

/**
 * Python: `pkg.mod` from any directory that could be on the path (the root, `src`, whatever holds the top package), `.mod` from the package of the
 * file. `from pkg import name` means `pkg/name.py` where that is a file, else `pkg/__init__.py`.
 */
export function pythonResolver(index: FileIndex): Resolve {
  return (from, ref) => {
    const dots = /^\.*/.exec(ref.specifier)![0].length
    const parts = ref.specifier.slice(dots).split('.').filter(Boolean)
    if (dots > 0) {
      const base = joined(directoryOf(from.path), '../'.repeat(dots - 1))
      const path = base === undefined ? undefined : joined(base, parts.join('/'))
      return path === undefined ? [] : targets(filesOf(index, path, ref, from.path))
    }
    // `import a.b.c` may name an attribute at its end; what remains of it is still a module.
    for (let n = parts.length; n > 0; n -= 1) {
      const found = absolute(index, parts.slice(0, n).join('/'), ref, from.path)
      if (found.length > 0) return targets(found)
      if (ref.names.length > 0) break
    }
    return []
  }
}

function absolute(index: FileIndex, path: string, ref: ImportRef, from: string): readonly SourceFile[] {
  for (const root of ['', `${directoryOf(from)}/`, 'src/', 'lib/']) {
    const found = filesOf(index, root === '/' ? path : root + path, ref, from)
    if (found.length > 0) return found
  }
  const module = nearest(from, [
    ...index.endingWith(`${path}.py`),
    ...index.endingWith(`${path}.pyi`),
    ...index.endingWith(`${path}/__init__.py`),
  ])
  if (module !== undefined) return filesOf(index, module.path.replace(/(\/__init__)?\.pyi?$/, ''), ref, from)
  // A namespace package has no file of its own: its modules are found by what is taken from it.
  const parts = ref.names.map((name) => nearest(from, index.endingWith(`${path}/${name}.py`)))
  return parts.filter((file) => file !== undefined)
}

/** What `from path import names` takes: submodules by their files, all else from the module itself. */
function filesOf(index: FileIndex, path: string, ref: ImportRef, from: string): readonly SourceFile[] {
  const at = (base: string): SourceFile | undefined =>
    index.get(`${base}.py`) ??
    index.get(`${base}/__init__.py`) ??
    index.get(`${base}.pyi`) ??
    index.get(`${base}/__init__.pyi`)
  const module = path === '' ? (index.get('__init__.py') ?? undefined) : at(path)
  const names = ref.names.filter((name) => name !== '*')
  const submodules = names.map((name) => at(path === '' ? name : `${path}/${name}`))
  const found = submodules.filter((file) => file !== undefined)
  // Every name was a file: then the package itself only lends its name.
  const own = found.length > 0 && found.length === names.length ? undefined : module
  return [...found, ...(own === undefined ? [] : [own])].filter((file) => file.path !== from)
}
