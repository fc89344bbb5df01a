import type { Patterns } from '../patterns.ts'
import type { Rendering } from './dialect.ts'

/** opencode's `permission.read`: paths below the project, in which `*` is any characters, slashes too, and `?` any one. There is no escape. */
export function opencodeRules({ directories, files }: Patterns): Rendering {
  const isPlain = (path: string) => !/[*?]/.test(path)
  const odd = [...directories, ...files].filter((path) => !isPlain(path)).length
  const lines = [...directories.filter(isPlain).map((path) => `${path}/*`), ...files.filter(isPlain)]
  return {
    lines,
    lossy: [
      'only the read tool holds to it: grep, glob and bash do not',
      ...(odd > 0 ? [`${odd} names with "*" or "?" cannot be written: opencode has no escape`] : []),
    ],
  }
}
