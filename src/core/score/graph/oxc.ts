import { realpathSync } from 'node:fs'
import { isAbsolute, join, relative, sep } from 'node:path'

/** Finds the file, below the root, that a mention in a file below the root means; undefined when outside or not there. */
export type OxcResolve = (fromPath: string, specifier: string) => string | undefined

/**
 * oxc-resolver for a directory on disk: tsconfig `paths`, `extends` and references, `exports` and `imports` of package.json, node_modules.
 * Undefined where its binary is not installed.
 */
export async function loadOxc(root: string): Promise<OxcResolve | undefined> {
  try {
    const { ResolverFactory } = await import('oxc-resolver')
    const real = realpathSync(root)
    const factory = new ResolverFactory({
      tsconfig: 'auto',
      extensions: ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '.json', '.d.ts'],
      extensionAlias: {
        '.js': ['.ts', '.tsx', '.d.ts', '.js', '.jsx'],
        '.jsx': ['.tsx', '.jsx'],
        '.mjs': ['.mts', '.mjs'],
        '.cjs': ['.cts', '.cjs'],
      },
      conditionNames: ['source', 'development', 'types', 'import', 'require', 'node', 'default'],
      mainFields: ['source', 'types', 'module', 'main'],
      nodePath: false,
    })
    const known = new Map<string, string | undefined>()
    return (fromPath, specifier) => {
      // Where a file stands in its directory changes nothing.
      const key = `${fromPath.slice(0, fromPath.lastIndexOf('/') + 1)}\0${specifier}`
      if (!known.has(key)) known.set(key, below(real, found(factory, join(real, fromPath), specifier)))
      return known.get(key)
    }
  } catch {
    return undefined
  }
}

function found(
  factory: { resolveFileSync(file: string, request: string): { path?: string } },
  file: string,
  specifier: string,
): string | undefined {
  try {
    return factory.resolveFileSync(file, specifier).path
  } catch {
    return undefined
  }
}

function below(root: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  const inside = relative(root, path)
  return inside.startsWith('..') || isAbsolute(inside) ? undefined : inside.split(sep).join('/')
}
