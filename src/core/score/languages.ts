/** Which parser reads a language: ecma.ts, a tree-sitter grammar of that name, or none. */
export type Parser = 'ecma' | 'none' | (string & {})

/** A language, and what reads it. */
export interface Language {
  readonly name: string
  readonly parser: Parser
}

const ROWS: readonly (readonly [name: string, parser: Parser, extensions: string])[] = [
  ['typescript', 'ecma', 'ts mts cts'],
  ['tsx', 'ecma', 'tsx'],
  ['javascript', 'ecma', 'js mjs cjs es6'],
  ['jsx', 'ecma', 'jsx'],
  ['python', 'python', 'py pyi pyw'],
  ['go', 'go', 'go'],
  ['rust', 'rust', 'rs'],
  ['java', 'java', 'java'],
  ['kotlin', 'kotlin', 'kt kts'],
  ['c', 'c', 'c h'],
  ['cpp', 'cpp', 'cc cpp cxx c++ hh hpp hxx h++ ipp inl tpp cu cuh ino'],
  ['csharp', 'c_sharp', 'cs'],
  ['ruby', 'ruby', 'rb rake gemspec ru'],
  ['php', 'php', 'php phtml'],
  ['swift', 'swift', 'swift'],
  ['bash', 'bash', 'sh bash zsh ksh'],
  ['markdown', 'none', 'md mdx markdown'],
  ['json', 'none', 'json jsonc json5 geojson ipynb'],
  ['yaml', 'none', 'yml yaml'],
  ['toml', 'none', 'toml'],
  ['xml', 'none', 'xml xsd xsl svg plist csproj fsproj vbproj vcxproj props targets resx xaml'],
  ['html', 'none', 'html htm xhtml'],
  ['css', 'none', 'css scss sass less styl'],
  ['vue', 'ecma', 'vue'],
  ['svelte', 'ecma', 'svelte'],
  ['astro', 'ecma', 'astro'],
  ['sql', 'none', 'sql'],
  ['graphql', 'none', 'graphql gql'],
  ['protobuf', 'none', 'proto'],
  ['csv', 'none', 'csv tsv'],
  ['text', 'none', 'txt rst adoc tex log'],
]

const BY_EXTENSION: ReadonlyMap<string, Language> = new Map(
  ROWS.flatMap(([name, parser, extensions]) =>
    extensions.split(' ').map((extension) => [extension, { name, parser }] as const),
  ),
)

const BY_NAME: ReadonlyMap<string, Language> = new Map(
  ROWS.map(([name, parser]) => [name, { name, parser }] as const),
)

const FILE_NAMES: ReadonlyMap<string, string> = new Map([
  ...[
    'Gemfile',
    'Rakefile',
    'Vagrantfile',
    'Podfile',
    'Brewfile',
    'Fastfile',
    'Dangerfile',
    'Guardfile',
    'Capfile',
  ].map((name) => [name, 'ruby'] as const),
  ...['SConstruct', 'SConscript', 'wscript'].map((name) => [name, 'python'] as const),
  ...[
    '.bashrc',
    '.bash_profile',
    '.bash_aliases',
    '.profile',
    '.zshrc',
    '.zshenv',
    '.zprofile',
    'PKGBUILD',
  ].map((name) => [name, 'bash'] as const),
])

/** By the name of the program, without the version at its end. */
const INTERPRETERS: ReadonlyMap<string, string> = new Map([
  ...['node', 'nodejs', 'bun'].map((name) => [name, 'javascript'] as const),
  ...['tsx', 'ts-node', 'ts-node-esm', 'deno'].map((name) => [name, 'typescript'] as const),
  ...['python', 'pypy', 'uv'].map((name) => [name, 'python'] as const),
  ...['ruby', 'jruby', 'php'].map((name) => [name, name.replace('j', '')] as const),
  ...['sh', 'bash', 'dash', 'ash', 'zsh', 'ksh', 'mksh', 'bats'].map((name) => [name, 'bash'] as const),
])
/** They run what is named after them. */
const RUNNERS = new Set(['env', 'npx', 'bunx', 'busybox', 'sudo'])

/** Text of no language that is known by name. */
export const PLAIN_TEXT: Language = { name: 'text', parser: 'none' }

/** The language of a file by its name and, where that says nothing, by its first line. */
export function languageOf(path: string, firstLine = ''): Language {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const named = FILE_NAMES.get(name)
  if (named !== undefined) return BY_NAME.get(named) ?? PLAIN_TEXT
  const dot = name.lastIndexOf('.')
  const known = dot < 0 ? undefined : BY_EXTENSION.get(name.slice(dot + 1).toLowerCase())
  return known ?? BY_NAME.get(interpreted(firstLine)) ?? PLAIN_TEXT
}

/** The language of the program that `#!` names: `/usr/bin/env -S FOO=1 node --flag`, `/home/node/bin/python3.11`. */
function interpreted(firstLine: string): string {
  if (!firstLine.startsWith('#!')) return ''
  const words = firstLine.slice(2).trim().split(/\s+/)
  const programs = words.filter((word) => !word.startsWith('-') && !word.includes('='))
  const program = programs
    .map((word) => word.slice(word.lastIndexOf('/') + 1))
    .find((word) => !RUNNERS.has(word))
  return INTERPRETERS.get((program ?? '').replace(/[\d.]+$/, '')) ?? ''
}
