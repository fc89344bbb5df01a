/** Kinds of text whose tokens relate in different ways to what a table counts; `other` is also what tools print. */
export const CONTENT_CLASSES = [
  'typescript',
  'python',
  'go',
  'rust',
  'java',
  'c',
  'script',
  'markup',
  'json',
  'prose',
  'lock',
  'other',
] as const

/** One of the kinds. */
export type ContentClass = (typeof CONTENT_CLASSES)[number]

const BY_EXTENSION: Readonly<Record<string, ContentClass>> = {
  ...each('typescript', 'ts tsx mts cts js jsx mjs cjs vue svelte astro'),
  ...each('python', 'py pyi pyx'),
  ...each('go', 'go'),
  ...each('rust', 'rs'),
  ...each('java', 'java kt kts scala groovy gradle cs fs swift dart'),
  ...each('c', 'c h cc cpp cxx hh hpp hxx m mm cu glsl zig'),
  ...each('script', 'sh bash zsh fish ps1 rb php pl pm lua r jl sql ex exs erl hs clj vim'),
  ...each('markup', 'html htm xhtml xml svg css scss sass less yaml yml toml ini cfg conf properties'),
  ...each('json', 'json jsonc json5 jsonl ndjson geojson webmanifest ipynb'),
  ...each('prose', 'md mdx markdown rst adoc txt text tex org'),
  ...each('lock', 'lock lockb sum map'),
}

const LOCK_NAME = /^(package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|.*\.min\.(js|css))$/
const PROSE_NAME = /^(readme|license|licence|copying|changelog|changes|notice|authors|contributing)$/
const SCRIPT_NAME = /^(dockerfile|makefile|rakefile|gemfile|justfile|jenkinsfile|cmakelists\.txt)$/

/** The kind of a file by its name alone, wherever it lies and in whatever case; `other` for names that say nothing. */
export function contentClassOf(path: string): ContentClass {
  const name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1).toLowerCase()
  if (LOCK_NAME.test(name)) return 'lock'
  if (PROSE_NAME.test(name)) return 'prose'
  if (SCRIPT_NAME.test(name)) return 'script'
  const dot = name.lastIndexOf('.')
  const extension = name.slice(dot + 1)
  return dot > 0 && Object.hasOwn(BY_EXTENSION, extension) ? BY_EXTENSION[extension]! : 'other'
}

function each(contentClass: ContentClass, extensions: string): Record<string, ContentClass> {
  return Object.fromEntries(extensions.split(' ').map((extension) => [extension, contentClass]))
}
