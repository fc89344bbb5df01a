import type { ImportRef } from '../src/core/score/analysis.ts'
import type { TreeFile } from '../src/core/score/importance/tree-signals.ts'
import type { Nature } from '../src/core/score/ranked.ts'

const LANGUAGES: Readonly<Record<string, string>> = {
  ts: 'typescript',
  mts: 'typescript',
  cts: 'typescript',
  tsx: 'tsx',
  js: 'javascript',
  mjs: 'javascript',
  cjs: 'javascript',
  jsx: 'javascript',
  py: 'python',
  pyi: 'python',
  go: 'go',
  rs: 'rust',
  java: 'java',
  kt: 'kotlin',
  c: 'c',
  h: 'c',
  cc: 'cpp',
  cpp: 'cpp',
  hpp: 'cpp',
  rb: 'ruby',
  php: 'php',
  cs: 'csharp',
}

/** What a parser would say of a file, by regular expressions: good enough to compare rankings, and it needs no parser. Tokens are counted by words and signs. */
export function roughAnalysis(path: string, content: Buffer): Omit<TreeFile, 'path' | 'key'> | undefined {
  if (content.subarray(0, 8000).includes(0)) return undefined
  const text = content.toString()
  const language = LANGUAGES[/\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? ''] ?? 'text'
  const code = language !== 'text'
  const nature = natureOf(path, text, code)
  const { cyclomatic, cognitive } =
    code && nature !== 'minified' ? decisionsOf(text) : { cyclomatic: 0, cognitive: 0 }
  return {
    language,
    nature,
    tokens: tokensOf(text),
    cyclomatic,
    cognitive,
    imports: code ? importsOf(text, language) : [],
    exports: code ? exportsOf(text, language) : [],
  }
}

function tokensOf(text: string): number {
  let n = 0
  for (const [word] of text.matchAll(/[A-Za-z]+|\d{1,3}|[^\sA-Za-z\d]+|\n+/g)) n += word.length > 6 ? 1.5 : 1
  return Math.ceil(n)
}

function decisionsOf(text: string): { cyclomatic: number; cognitive: number } {
  let cyclomatic = 1
  let cognitive = 0
  for (const line of text.split('\n')) {
    const found =
      line.match(/\b(if|elif|for|while|case|catch|except|match|when|unless|rescue)\b|&&|\|\||\?[^.?:]/g)
        ?.length ?? 0
    if (found === 0) continue
    const indent = /^[\t ]*/.exec(line)![0].replaceAll('\t', '    ').length
    cyclomatic += found
    cognitive += found * (1 + Math.min(6, Math.floor(indent / 4)))
  }
  return { cyclomatic, cognitive }
}

function natureOf(path: string, text: string, code: boolean): Nature {
  const name = path.split('/').at(-1)!
  if (/(^|\/)(node_modules|vendor|third_party|deps)\//.test(path)) return 'vendored'
  if (
    /^(package-lock\.json|yarn\.lock|pnpm-lock\.yaml|Cargo\.lock|go\.sum|poetry\.lock|uv\.lock|Gemfile\.lock)$/.test(
      name,
    )
  )
    return 'lock'
  if (
    /^(package\.json|pyproject\.toml|setup\.(py|cfg)|go\.mod|Cargo\.toml|pom\.xml|build\.gradle(\.kts)?|CMakeLists\.txt|Makefile|Gemfile)$/.test(
      name,
    )
  )
    return 'manifest'
  if (/\.min\.(js|css)$/.test(name)) return 'minified'
  if (/(code generated|@generated|do not edit)/i.test(text.slice(0, 600))) return 'generated'
  if (
    code &&
    /(^|\/)(tests?|__tests__|spec|testing)\/|[._-](test|spec)s?\.\w+$|(^|\/)test_|Tests?\.(java|kt)$/.test(
      path,
    )
  )
    return 'test'
  if (/\.(d\.ts|pyi|h|hpp|proto)$/.test(name)) return 'types'
  if (code) return 'source'
  if (/\.(md|mdx|rst|txt|adoc)$/i.test(name) || /^(LICENSE|CHANGES|NEWS|AUTHORS|README)/i.test(name))
    return 'document'
  if (/\.(ya?ml|toml|ini|cfg|conf|json5?)$/.test(name) || name.startsWith('.'))
    return /\.json$/.test(name) && path.includes('/') ? 'data' : 'config'
  return /\.(csv|json|xml|svg|sql|html|css|tcl)$/.test(name) ? 'data' : 'document'
}

type Rule = readonly [RegExp, ImportRef['kind']]
const ECMA: readonly Rule[] = [
  [/\bimport\s+(type\s)?([^;'"]*?)\s*from\s*['"]([^'"]+)['"]/g, 'import'],
  [/\bexport\s+(type\s)?([^;'"()=]*?)\s*from\s*['"]([^'"]+)['"]/g, 'reexport'],
  [/\bimport\s*()()['"]([^'"]+)['"]/g, 'import'],
  [/\b()()(?:require|import)\(\s*['"]([^'"]+)['"]/g, 'require'],
]
const RULES: Readonly<Record<string, readonly Rule[]>> = {
  typescript: ECMA,
  tsx: ECMA,
  javascript: ECMA,
  python: [
    [/^[ \t]*from()()\s+([.\w]+)\s+import\b/gm, 'import'],
    [/^[ \t]*import()()\s+([.\w]+)/gm, 'import'],
  ],
  go: [[/^\s*(?:import\s+)?(?:[\w.]+\s+)?()()"([\w./-]+)"\s*$/gm, 'import']],
  rust: [
    [/^\s*(?:pub(?:\([^)]*\))?\s+)?use()()\s+([\w:]+)/gm, 'import'],
    [/^\s*(?:pub(?:\([^)]*\))?\s+)?mod()()\s+(\w+)\s*;/gm, 'module'],
  ],
  java: [[/^import\s+(?:static\s+)?()()([\w.*]+)\s*;/gm, 'import']],
  kotlin: [[/^import\s+()()([\w.*]+)/gm, 'import']],
  c: [[/^\s*#\s*include\s*()()([<"][^>"]+[>"])/gm, 'include']],
  cpp: [[/^\s*#\s*include\s*()()([<"][^>"]+[>"])/gm, 'include']],
  ruby: [[/^\s*require(?:_relative)?\s*\(?()()['"]([^'"]+)['"]/gm, 'require']],
  php: [[/^use\s+()()([\w\\]+)/gm, 'import']],
  csharp: [[/^using\s+()()([\w.]+)\s*;/gm, 'import']],
}

function importsOf(text: string, language: string): readonly ImportRef[] {
  return (RULES[language] ?? []).flatMap(([pattern, kind]) =>
    [...text.matchAll(pattern)].map((found): ImportRef => {
      const names =
        language === 'python' && kind === 'import' ? pythonNames(text, found.index) : namesIn(found[2] ?? '')
      return { specifier: found[3]!, line: 1, kind, typeOnly: Boolean(found[1]), names }
    }),
  )
}

function pythonNames(text: string, at: number): readonly string[] {
  const list = /^[ \t]*from\s+[.\w]+\s+import\s+(\([^)]*\)|[^\n]*)/.exec(text.slice(at, at + 2000))?.[1]
  return list === undefined
    ? []
    : list
        .replace(/[()]|#.*$/gm, '')
        .split(',')
        .map((name) => name.trim().split(/\s+as\s+/)[0]!)
        .filter(Boolean)
}

function namesIn(clause: string): readonly string[] {
  if (clause.includes('*')) return ['*']
  const inner = /\{([^}]*)\}/.exec(clause)?.[1]
  const named = (inner ?? '')
    .split(',')
    .map(
      (name) =>
        name
          .trim()
          .replace(/^type\s+/, '')
          .split(/\s+as\s+/)[0]!,
    )
    .filter(Boolean)
  return /^[\w$]/.test(clause.trim()) ? ['default', ...named] : named
}

function exportsOf(text: string, language: string): readonly string[] {
  if (language === 'python')
    return [...text.matchAll(/^(?:class|def|async def)\s+(\w+)|^(\w+)\s*=/gm)].map((m) => (m[1] ?? m[2])!)
  return [
    ...text.matchAll(
      /\bexport\s+(?:default\s+)?(?:declare\s+|abstract\s+|async\s+)*(?:function\*?|class|const|let|var|interface|type|enum)\s+([\w$]+)/g,
    ),
  ].map((m) => m[1]!)
}
