import { saysGenerated } from './generated.ts'
import { languageOf } from './languages.ts'
import type { Nature } from './ranked.ts'

/** What the decision about a file rests on. */
export interface Glimpse {
  /** Below the repository's root, with `/`. */
  readonly path: string
  /** The first bytes as text; empty for binaries. */
  readonly head: string
  readonly bytes: number
  readonly lines: number
  readonly longestLine: number
}

/** Bytes of a file that `Glimpse.head` should have. */
export const HEAD_BYTES = 4096

const LOCKS =
  /(^|\/)(package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|deno\.lock|poetry\.lock|uv\.lock|pdm\.lock|pixi\.lock|conda-lock\.yml|Pipfile\.lock|Cargo\.lock|go\.(work\.)?sum|Gemfile\.lock|gems\.locked|composer\.lock|Podfile\.lock|Cartfile\.resolved|Package\.resolved|mix\.lock|rebar\.lock|pubspec\.lock|packages\.lock\.json|paket\.lock|gradle\.lockfile|flake\.lock|stack\.yaml\.lock|cabal\.project\.freeze|conan\.lock|shard\.lock|renv\.lock|Chart\.lock|buf\.lock|MODULE\.bazel\.lock|\.terraform\.lock\.hcl)$/
const MANIFESTS =
  /(^|\/)(package\.json|bower\.json|pyproject\.toml|setup\.(py|cfg)|requirements[\w.-]*\.(txt|in)|requirements\/[\w.-]+\.(txt|in)|Pipfile|environment\.ya?ml|Cargo\.toml|go\.(mod|work)|pom\.xml|ivy\.xml|build\.(gradle(\.kts)?|sbt|zig(\.zon)?)|settings\.gradle(\.kts)?|[\w.-]*\.versions\.toml|Gemfile|gems\.rb|Rakefile|[\w.-]+\.(gemspec|podspec|nuspec|cabal|opam)|composer\.json|Package\.swift|Podfile|Cartfile|Brewfile|pubspec\.yaml|shard\.yml|stack\.yaml|rebar\.config|deps\.edn|project\.clj|dune-project|vcpkg\.json|conanfile\.(txt|py)|CMakeLists\.txt|CMakePresets\.json|meson\.(build|options)|meson_options\.txt|Makefile(\.\w+)?|makefile|GNUmakefile|[Jj]ustfile|Taskfile\.ya?ml|SConstruct|configure\.(ac|in)|Dockerfile[\w.-]*|[\w.-]+\.[Dd]ockerfile|Containerfile|docker-compose[\w.-]*\.ya?ml|compose(\.[\w-]+)?\.ya?ml|[\w.-]+\.(csproj|fsproj|vbproj|vcxproj|sln|slnx)|Directory\.(Build|Packages)\.(props|targets)|packages\.config|paket\.dependencies|mix\.exs|deno\.jsonc?|jsr\.json|pnpm-workspace\.yaml|lerna\.json|rush\.json|nx\.json|turbo\.json|Chart\.yaml|buf\.(gen\.|work\.)?yaml|WORKSPACE(\.bazel)?|MODULE\.bazel|BUILD(\.bazel)?|flake\.nix)$/
const CONFIGS =
  /(^|\/)(\.[\w-]+(rc|ignore|attributes|config|version)(\.\w+)?|\.[\w-]+(\.(ya?ml|toml|json[c5]?|ini|cfg|conf|[mc]?[jt]s))?|\.env\.[\w.-]+|[tj]sconfig[\w.-]*\.json|[\w.-]+\.config\.([mc]?[jt]s|json|ya?ml|toml)|[\w.-]+\.(ini|cfg|conf|config|editorconfig)|biome\.jsonc?|ruff\.toml|rustfmt\.toml|clippy\.toml|phpunit\.xml(\.dist)?|gradle\.properties|renovate\.json|codecov\.ya?ml|appveyor\.yml|azure-pipelines[\w.-]*\.ya?ml|bitbucket-pipelines\.yml|cloudbuild\.ya?ml|netlify\.toml|vercel\.json|fly\.toml|rust-toolchain(\.toml)?|global\.json|Jenkinsfile|Procfile|CODEOWNERS)$|(^|\/)\.(github|gitlab|circleci|husky|vscode|idea|devcontainer|cargo|claude|cursor|codex|gemini)\//
/**
 * Other people's code by the name of a directory that nobody gives to their own. `vendor` alone is not one of them: shops have vendors. It counts at
 * the top, beside assets and libraries, and where package managers have left their layout in it; so does `external`, at the top only.
 */
const VENDORED =
  /(^|\/)(node_modules|bower_components|_?vendored|_vendor|third[_-]?party|3rd-?party|site-packages|\.venv|venv|Pods|Carthage|jspm_packages|web_modules|wwwroot\/lib|\.yarn\/(releases|plugins|sdks|cache))\/|^(vendors?|externals?)\/|(^|\/)(lib|libs|public|static|assets|javascripts?|stylesheets?|js|css|scripts|resources|www|web|src|priv)\/vendors?\/|(^|\/)vendor\/([\w-]+\.(com|org|net|io|in|dev)\/|composer\/|bundle\/|autoload\.php$|modules\.txt$)/
/**
 * `build`, `out` and `target` are not among them: where they are kept in a repository, people wrote what is in them. `coverage` counts by what tools
 * write into it: packages are called so.
 */
const BUILT =
  /(^|\/)(dist|\.next|\.nuxt|__pycache__|\.cache|storybook-static)\/|(^|\/)coverage\/(lcov-report\/|lcov\.info$|clover\.xml$|coverage-final\.json$)/
/** Extensions that tests have; `api.spec.yaml` is a specification. */
const CODE =
  '([mc]?[jt]sx?|vue|svelte|pyi?|go|rb|rs|java|kts?|scala|groovy|swift|php|c|cc|cpp|cxx|mm?|cs|fs|vb|dart|exs?|erl|lua|sh|bats|cljs?|cljc|hs|mli?|jl|R|r|el|p[lm]|t|zig|snap)'
const TESTS = new RegExp(
  [
    '(^|/)(tests?|__tests__|specs?|e2e|testdata|test-data|fixtures|__fixtures__|__mocks__|__snapshots__|testing)/',
    // Acme.Core.Tests/, AppUITests/, src/androidTest/, Tests/; `latest/` has no capital.
    '(^|/)[\\w.-]*Tests?/',
    '(^|/)test_[^/]+\\.(py|rb|c|cc|cpp|rs|jl|R|sh)$',
    '(^|/)conftest\\.py$',
    `(^|/)tests?\\.${CODE}$`,
    `[._-](test|tests|spec|specs|e2e|stories)\\.${CODE}$`,
    // useTypes.test-d.ts, thing.test.ts.snap, Button.stories.mdx
    '\\.test-d\\.tsx?$|\\.(test|spec)\\.[mc]?[jt]sx?\\.snap$|\\.stories\\.mdx$',
    '(^|/)\\w*(Test|Tests|TestCase)\\.(java|kt|cs|fs|vb|swift|scala|groovy|php|mm?)$',
    '(^|/)\\w*[a-z0-9]IT\\.(java|kt)$',
    // KeySpec.java and TypeSpec.kt specify keys and types.
    '(^|/)\\w*Spec\\.(scala|groovy|hs)$',
  ].join('|'),
)
const TYPES = /\.d\.[mc]?ts$|\.pyi$|\.(h|hh|hpp|hxx)$|\.(proto|graphql|gql|thrift|avsc|fbs)$|(^|\/)py\.typed$/
const DOCUMENTS = /\.(md|mdx|markdown|rst|adoc|txt|tex|org)$/i
/** `license.ts` and `changes.py` are programs. */
const DOCUMENT_NAMES =
  /(^|\/)(README|(UN)?LICEN[SC]E|COPYING|CHANGELOG|CHANGES|HISTORY|NEWS|AUTHORS|CONTRIBUTORS|CONTRIBUTING|MAINTAINERS|NOTICE)([._-][\w.-]*)?$|(^|\/)(readme|licen[sc]e|copying|changelog|authors|notice)$/
/** Neither SQL nor HTML: migrations and templates are written by people. */
const DATA =
  /\.(json[c5l]?|ndjson|csv|tsv|ya?ml|xml|toml|svg|geojson|ipynb|po|pot|snap|log|plist|properties|lock)$/i
const GENERATED_NAMES =
  /(\.(pb|pb\.(gw|validate)|generated|gen|g|freezed|designer)\.\w+|_pb2?(_grpc)?\.(pyi?|js|rb|d\.ts)|_generated\.\w+|(^|\/)(generated|__generated__)\/.+)$/i
const MINIFIED_NAMES = /\.min\.([mc]?js|css|html)$|\.bundle\.js$|\.([mc]?js|css|[mc]?ts|wasm)\.map$/
const MINIFIABLE = /\.([mc]?js|css|html?|svg)$/i
/** People do not write lines of this mean length, nor one this long in a short file. */
const MINIFIED_MEAN_LINE = 250
const MINIFIED_LONG_LINE = 5_000

/** What a text file is to people; a binary is decided by `isBinary` before. The first that fits, from what nobody edits to what everybody does. */
export function natureOf(glimpse: Glimpse): Nature {
  const { path } = glimpse
  if (LOCKS.test(path)) return 'lock'
  if (VENDORED.test(path)) return 'vendored'
  if (isMinified(glimpse)) return 'minified'
  if (MANIFESTS.test(path)) return 'manifest'
  if (isGenerated(glimpse)) return 'generated'
  if (CONFIGS.test(path)) return 'config'
  if (TESTS.test(path)) return 'test'
  if (TYPES.test(path)) return 'types'
  if (isDocument(path)) return 'document'
  if (DATA.test(path)) return 'data'
  return 'source'
}

/** A NUL among the first bytes, as git decides it; UTF-16 with its mark is text that nobody here reads, so binary too. */
export function isBinary(head: Uint8Array): boolean {
  const [first, second] = head
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return true
  return head.subarray(0, 8000).includes(0)
}

function isMinified({ path, bytes, lines, longestLine }: Glimpse): boolean {
  if (MINIFIED_NAMES.test(path)) return true
  if (!MINIFIABLE.test(path) || bytes < 1024) return false
  return bytes / Math.max(1, lines) > MINIFIED_MEAN_LINE || (longestLine > MINIFIED_LONG_LINE && lines < 50)
}

function isDocument(path: string): boolean {
  return DOCUMENTS.test(path) || (DOCUMENT_NAMES.test(path) && languageOf(path).parser === 'none')
}

function isGenerated({ path, head }: Glimpse): boolean {
  return GENERATED_NAMES.test(path) || BUILT.test(path) || saysGenerated(path, head)
}
