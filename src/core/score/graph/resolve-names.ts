import type { ImportRef } from '../analysis.ts'
import { directoryOf, type FileIndex, joined, nameOf, nearest, type Resolve, targets } from './source-file.ts'

/** Ruby: `require_relative 'a'` beside the file; `require 'lib/a'` by the end of the path. */
export function rubyResolver(index: FileIndex): Resolve {
  return (from, { specifier }) => {
    const name = specifier.endsWith('.rb') ? specifier : `${specifier}.rb`
    const beside = joined(directoryOf(from.path), name)
    return targets([
      (beside === undefined ? undefined : index.get(beside)) ??
        nearest(from.path, index.endingWith(name.replace(/^(\.\.?\/)+/, ''))),
    ])
  }
}

/** PHP: `include 'a.php'` by path; `use App\Models\User` by PSR-4: the longest end of the name that is a path, with or without its first segments. */
export function phpResolver(index: FileIndex): Resolve {
  return (from, { specifier }) => {
    const beside = joined(directoryOf(from.path), specifier)
    const found = beside === undefined ? undefined : index.get(beside)
    if (found !== undefined) return targets([found])
    const parts = specifier.replace(/^\\|\.php$/g, '').split(/[\\/]/)
    for (let n = 0; n < parts.length; n += 1) {
      const file = nearest(from.path, index.endingWith(`${parts.slice(n).join('/')}.php`))
      if (file !== undefined) return targets([file])
    }
    return []
  }
}

/** C#: a namespace is by custom the end of a directory's path; its files share the mention. */
export function csharpResolver(index: FileIndex): Resolve {
  const byNamespace = new Map<string, ReturnType<typeof targets>>()
  return (_, { specifier }) => {
    const known = byNamespace.get(specifier)
    if (known !== undefined) return known
    const path = specifier.replaceAll('.', '/')
    const found = targets(
      index.files.filter(({ path: file }) => {
        const directory = `/${directoryOf(file)}`
        return file.endsWith('.cs') && (directory.endsWith(`/${path}`) || directory.endsWith(`/${specifier}`))
      }),
    )
    byNamespace.set(specifier, found)
    return found
  }
}

/** Any other language: a path beside the file, or a unique end of a path; with the file's own extension where none is written. */
export function pathResolver(index: FileIndex): Resolve {
  return (from, ref: ImportRef) => {
    const name = ref.specifier.replace(/^["'<]|["'>]$/g, '')
    const extension = /\.\w+$/.exec(nameOf(from.path))?.[0] ?? ''
    for (const candidate of [name, name + extension]) {
      const beside = joined(directoryOf(from.path), candidate)
      const found = beside === undefined ? undefined : index.get(beside)
      if (found !== undefined) return targets([found])
      const ends = index.endingWith(candidate)
      if (ends.length === 1) return targets(ends)
    }
    return []
  }
}
