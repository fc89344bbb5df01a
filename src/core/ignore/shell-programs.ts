/** Programs that print what is in the files that they are given. */
const READERS =
  /^(cat|tac|nl|head|tail|less|more|most|bat|batcat|view|cut|sort|uniq|rev|paste|join|comm|diff|colordiff|sdiff|xxd|hexdump|hd|od|strings|base64|base32|fold|fmt|pr|expand|unexpand|column|iconv|cp|ln|dd|zcat|split|csplit|jq|yq|xmllint|vim?|nvim|nano|ex|ed|look|shuf|ptx|m4|highlight|pygmentize|pandoc)$/
/** Those whose first operand is a pattern or a program, and no file. */
const SCRIPT_FIRST = /^(sed|gsed|[gmn]?awk|jq|yq)$/
/** Searchers: the first operand is what is searched for. */
const SEARCHERS = /^(grep|egrep|fgrep|zgrep|rgrep|rg|ag|ack|ugrep)$/
/** Runs code that it is given on the command line or as input. */
const INTERPRETERS = /^(python[\d.]*|pypy3?|node|nodejs|deno|bun|tsx|ruby|perl|php|lua|Rscript|osascript)$/
const SHELLS = /^(ba|z|da|k|a)?sh$/
/** Programs that run the rest of their words. */
const WRAPPERS =
  /^(command|builtin|exec|env|sudo|doas|nice|ionice|nohup|stdbuf|time|timeout|setsid|xargs|parallel|busybox|caffeinate|unbuffer)$/
/** Options of searchers that take the next word. */
const SEARCH_VALUES: Readonly<Record<string, RegExp>> = {
  grep: /^(-[A-Za-z]*[ABCDdm]|--(after-context|before-context|context|max-count|include|exclude|exclude-dir|color|colour|binary-files|devices|directories|label))$/,
  rg: /^(-[A-Za-z]*[ABCEgjMmrTtd]|--(after-context|before-context|context|max-count|glob|iglob|type|type-not|max-depth|threads|replace|encoding|max-columns|sort|sortr|color|colors|pre|engine|max-filesize|path-separator|context-separator))$/,
}

/** What a program does with its words. */
export type ProgramKind = 'reader' | 'script' | 'search' | 'interpreter' | 'shell' | 'git' | 'find' | 'other'

/** The kind of a program, by the name it is called by. */
export function kindOf(name: string): ProgramKind {
  if (SEARCHERS.test(name)) return 'search'
  if (SCRIPT_FIRST.test(name)) return 'script'
  if (READERS.test(name)) return 'reader'
  if (INTERPRETERS.test(name)) return 'interpreter'
  if (SHELLS.test(name) || name === 'eval') return 'shell'
  if (name === 'git') return 'git'
  return name === 'find' || name === 'fd' || name === 'fdfind' ? 'find' : 'other'
}

/** The word at which the program itself stands, behind `sudo`, `env A=b`, `timeout 5`, `xargs -0` and the like. */
export function programAt(words: readonly string[]): number {
  let at = 0
  while (at < words.length && WRAPPERS.test(baseName(words[at]!))) {
    const wrapper = baseName(words[at]!)
    at += 1
    while (at < words.length && (/^-/.test(words[at]!) || /^[A-Za-z_]\w*=/.test(words[at]!))) {
      const takesValue =
        /^-([uIndLPsS]|o)$/.test(words[at]!) &&
        (wrapper === 'xargs' || wrapper === 'nice' || wrapper === 'sudo')
      at += takesValue ? 2 : 1
    }
    if (wrapper === 'timeout' && /^\d/.test(words[at] ?? '')) at += 1
  }
  return at
}

/** A program's name without its directory. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** A search: what it does, and which of its words are files or directories. */
export interface Search {
  readonly recursive: boolean
  /** Places of operands in the words, the pattern not among them. */
  readonly operands: readonly number[]
  /** Where a further option can be put: before `--`, else at the end. */
  readonly optionsEnd: number
  /** It prints no text, but counts or nothing. */
  readonly quiet: boolean
}

/** Reads the words of grep, rg and the like; `words[0]` is the program. */
export function searchOf(words: readonly string[]): Search {
  const program = baseName(words[0] ?? '')
  const family =
    program === 'rg' || program === 'ag' || program === 'ack' || program === 'ugrep' ? 'rg' : 'grep'
  const takesValue = SEARCH_VALUES[family]!
  let recursive = family === 'rg' || program === 'rgrep'
  let [hasPattern, quiet] = [false, false]
  const operands: number[] = []
  let optionsEnd = words.length
  for (let at = 1; at < words.length; at += 1) {
    const word = words[at]!
    if (word === '--' && optionsEnd === words.length) {
      optionsEnd = at
      continue
    }
    if (optionsEnd < words.length || word === '-' || !word.startsWith('-')) {
      operands.push(at)
      continue
    }
    if (/^-[A-Za-z]*[ef]$/.test(word) || /^--(regexp|file)$/.test(word)) {
      hasPattern = true
      at += 1
    } else if (/^--(regexp|file)=/.test(word) || /^-[ef]./.test(word)) hasPattern = true
    else if (word === '--files' || word === '--type-list') hasPattern = true
    else if (takesValue.test(word)) at += 1
    if (family === 'grep' && (/^-[A-Za-z]*[rR]/.test(word) || /^--(dereference-)?recursive$/.test(word)))
      recursive = true
    if (/^--directories=recurse$/.test(word)) recursive = true
    if (/^-[A-Za-z]*q/.test(word) || word === '--quiet') quiet = true
  }
  return { recursive, operands: hasPattern ? operands : operands.slice(1), optionsEnd, quiet }
}

/** Git's words that print what is in files, and those that list them. */
export function gitKind(words: readonly string[]): {
  readonly verb: string
  readonly at: number
  readonly directory: string | undefined
} {
  let at = 1
  let directory: string | undefined
  while (at < words.length && words[at]!.startsWith('-')) {
    if (words[at] === '-C') directory = words[at + 1]
    at += words[at] === '-C' || words[at] === '-c' ? 2 : 1
  }
  return { verb: words[at] ?? '', at, directory }
}

/** Pieces of code that may be the name of a file: strings, strings that follow each other joined by slashes, and bare words with a slash or a dot. */
export function namesInCode(code: string): readonly string[] {
  const strings = [...code.matchAll(/(["'`])((?:(?!\1)[^\\\n]|\\.){1,512})\1/g)].map((found) => found[2]!)
  const joined: string[] = []
  for (let length = 2; length <= 5; length += 1)
    for (let at = 0; at + length <= strings.length; at += 1)
      joined.push(strings.slice(at, at + length).join('/'))
  const words = code.match(/[\w@+.~/-]+/g) ?? []
  return [...strings, ...joined, ...words.filter((word) => /[./]/.test(word))].slice(0, 4_000)
}
