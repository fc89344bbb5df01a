import { directoryOf, type FileIndex, joined, nearest, type Resolve, targets } from './source-file.ts'

/**
 * C and C++: `"e.h"` beside the file, else the file whose path ends so, which is what include directories amount to; the nearest of several. A
 * bracketed name is looked up in the second way only, and only with a directory in it: `<string.h>` is not a project's own `string.h`.
 */
export function cResolver(index: FileIndex): Resolve {
  return (from, { specifier }) => {
    const system = specifier.startsWith('<')
    const name = specifier.replace(/^["<]|[">]$/g, '')
    const beside = system ? undefined : joined(directoryOf(from.path), name)
    const found = beside === undefined ? undefined : index.get(beside)
    if (found !== undefined) return targets([found])
    if (system && !name.includes('/')) return []
    return targets([nearest(from.path, index.endingWith(name.replace(/^(\.\.?\/)+/, '')))])
  }
}
