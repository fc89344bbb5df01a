import {
  directoryOf,
  type FileIndex,
  nearest,
  type Resolve,
  type SourceFile,
  targets,
} from './source-file.ts'

/**
 * Java and Kotlin: `com.acme.D` is a file that ends in `com/acme/D.java` or `.kt`; inner classes and static members are cut off the end. A wildcard
 * takes the package's files, each a share. Kotlin's top-level functions live in files of any name: then the package shares the mention.
 */
export function jvmResolver(index: FileIndex): Resolve {
  const directories = new Map<string, readonly SourceFile[]>()
  const packageFiles = (path: string, from: string): readonly SourceFile[] => {
    const known = directories.get(path)
    if (known !== undefined) return known
    const files = index.files.filter(
      (file) => /\.(java|kts?)$/.test(file.path) && `/${directoryOf(file.path)}`.endsWith(`/${path}`),
    )
    const near = nearest(from, files)
    const found = files.filter(
      (file) => near !== undefined && directoryOf(file.path) === directoryOf(near.path),
    )
    directories.set(path, found)
    return found
  }
  return (from, { specifier, names }) => {
    const wildcard = specifier.endsWith('.*') || (names.length === 1 && names[0] === '*')
    const parts = specifier.replace(/\.\*$/, '').split('.')
    for (let n = parts.length; n >= 2; n -= 1) {
      const path = parts.slice(0, n).join('/')
      const file = nearest(from.path, [
        ...index.endingWith(`${path}.java`),
        ...index.endingWith(`${path}.kt`),
      ])
      if (file !== undefined) return targets([file])
      if (n === parts.length && wildcard) return targets(packageFiles(path, from.path))
    }
    return /\.kts?$/.test(from.path) && parts.length > 2
      ? targets(packageFiles(parts.slice(0, -1).join('/'), from.path))
      : []
  }
}
