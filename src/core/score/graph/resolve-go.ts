import { type FileIndex, joined, type Resolve, targets } from './source-file.ts'

/** Go: an import path is a module's path (go.mod) and a directory below it; all files of that package share the mention, tests aside. */
export function goResolver(index: FileIndex): Resolve {
  const modules = index
    .named('go.mod')
    .flatMap(({ directory, text }) => {
      const path = /^\s*module\s+"?([^\s"]+)/m.exec(text)?.[1]
      return path === undefined ? [] : [{ directory, path }]
    })
    // The longest that fits is the one that is meant.
    .sort((a, b) => b.path.length - a.path.length)
  return (_, { specifier }) => {
    const module = modules.find(({ path }) => specifier === path || specifier.startsWith(`${path}/`))
    if (module === undefined) return []
    const directory = joined(module.directory, specifier.slice(module.path.length)) ?? ''
    return targets(index.inDirectory(directory).filter(({ path }) => /(?<!_test)\.go$/.test(path)))
  }
}
