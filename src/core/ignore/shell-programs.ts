import { join } from 'node:path'

/** Programs that print what is in the files that they are given. */
const READERS =
  /^(cat|tac|nl|head|tail|less|more|most|bat|batcat|view|cut|sort|uniq|rev|paste|join|comm|diff|colordiff|sdiff|xxd|hexdump|hd|od|strings|base64|base32|fold|fmt|pr|expand|unexpand|column|iconv|zcat|split|csplit|jq|yq|xmllint|vim?|nvim|nano|ex|ed|look|shuf|ptx|m4|highlight|pygmentize|pandoc)$/
/** Those that copy or pack files. */
const COPIERS = /^(cp|ln|dd|tar|gzip|bzip2|xz|zstd)$/
/** Those whose first operand is a pattern or a program, and no file. */
const SCRIPT_FIRST = /^(sed|gsed|[gmn]?awk|jq|yq)$/
/** Searchers: the first operand is what is searched for. */
const SEARCHERS = /^(grep|egrep|fgrep|zgrep|rgrep|rg|ag|ack|ugrep)$/
/** Runs code that it is given on the command line or as input. */
const INTERPRETERS = /^(python[\d.]*|pypy3?|node|nodejs|deno|bun|tsx|ruby|perl|php|lua|Rscript|osascript)$/
const SHELLS = /^(ba|z|da|k|a)?sh$/
/** Programs that run the rest of their words. */
const WRAPPERS =
  /^(command|builtin|exec|env|sudo|doas|nice|ionice|nohup|stdbuf|time|timeout|setsid|xargs|parallel|watch|busybox|caffeinate|unbuffer)$/
/** Options of those that take the next word, so that the program behind them is found. */
const WRAPPER_VALUES: Readonly<Record<string, RegExp>> = {
  env: /^(-[uCS]|--unset|--chdir)$/,
  exec: /^-a$/,
  sudo: /^(-[ugUhpCDRTrt]|--user|--group|--host|--prompt|--chdir)$/,
  doas: /^-[uC]$/,
  nice: /^(-n|--adjustment)$/,
  ionice: /^(-[cnpPu]|--class|--classdata)$/,
  stdbuf: /^(-[ioe]|--input|--output|--error)$/,
  time: /^(-[fo]|--format|--output)$/,
  timeout: /^(-[ks]|--kill-after|--signal)$/,
  xargs:
    /^(-[aEIdLnPs]|--arg-file|--delimiter|--max-lines|--max-args|--max-procs|--max-chars|--process-slot-var)$/,
  watch: /^(-n|--interval)$/,
  parallel: /^(-[jIaSNLC]|--jobs|--arg-file|--colsep)$/,
}
/** Options of searchers that take the next word. */
const SEARCH_VALUES: Readonly<Record<string, RegExp>> = {
  grep: /^(-[A-Za-z]*[ABCDdm]|--(after-context|before-context|context|max-count|include|exclude|exclude-dir|exclude-from|binary-files|devices|directories|label))$/,
  rg: /^(-[A-Za-z]*[ABCEgjMmrTtd]|--(after-context|before-context|context|max-count|glob|iglob|type|type-not|type-add|type-clear|max-depth|threads|replace|encoding|max-columns|sort|sortr|color|colors|pre|pre-glob|engine|max-filesize|path-separator|context-separator|ignore-file))$/,
}

/** What a program does with its words. */
export type ProgramKind =
  | 'reader'
  | 'script'
  | 'search'
  | 'interpreter'
  | 'shell'
  | 'git'
  | 'find'
  | 'copy'
  | 'other'

/** The kind of a program, by the name it is called by. */
export function kindOf(name: string): ProgramKind {
  if (SEARCHERS.test(name)) return 'search'
  if (SCRIPT_FIRST.test(name)) return 'script'
  if (READERS.test(name)) return 'reader'
  if (COPIERS.test(name)) return 'copy'
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
    const takesValue = WRAPPER_VALUES[wrapper]
    while (at < words.length && (/^-/.test(words[at]!) || /^[A-Za-z_]\w*=/.test(words[at]!)))
      at += takesValue?.test(words[at]!) ? 2 : 1
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
  /** It prints names or counts, or nothing, and no text. */
  readonly prints: 'text' | 'names' | 'nothing'
  readonly followsLinks: boolean
}

/** Reads the words of grep, rg and the like; `words[0]` is the program. */
export function searchOf(words: readonly string[]): Search {
  const program = baseName(words[0] ?? '')
  const family =
    program === 'rg' || program === 'ag' || program === 'ack' || program === 'ugrep' ? 'rg' : 'grep'
  const takesValue = SEARCH_VALUES[family]!
  let recursive = family === 'rg' || program === 'rgrep'
  let [hasPattern, followsLinks] = [false, false]
  let prints: Search['prints'] = 'text'
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
    else if (word === '--files' || word === '--type-list') {
      hasPattern = true
      prints = 'names'
    } else if (takesValue.test(word)) at += 1
    if (family === 'grep' && (/^-[A-Za-z]*[rR]/.test(word) || /^--(dereference-)?recursive$/.test(word)))
      recursive = true
    if (/^--directories=recurse$/.test(word)) recursive = true
    if (/^-[A-Za-z]*R/.test(word) || word === '--dereference-recursive') followsLinks = family === 'grep'
    if (/^-[A-Za-z]*q/.test(word) || /^--(quiet|silent)$/.test(word)) prints = 'nothing'
    else if (
      prints === 'text' &&
      (/^-[A-Za-z]*[lLc]/.test(word) ||
        /^--(files-with(out)?-match(es)?|(name|files)-only|count(-matches)?)$/.test(word))
    )
      // `-L` of rg follows links.
      prints = family === 'rg' && /^-[A-Za-z]*L[A-Za-z]*$/.test(word) && !/[lc]/.test(word) ? 'text' : 'names'
  }
  return { recursive, operands: hasPattern ? operands : operands.slice(1), optionsEnd, prints, followsLinks }
}

/** Git's verb, where it stands, and what `-C` makes of a directory. */
export function gitKind(words: readonly string[]): {
  readonly verb: string
  readonly at: number
  readonly directory: string | undefined
} {
  let at = 1
  let directory: string | undefined
  while (at < words.length && words[at]!.startsWith('-')) {
    const takesValue = /^(-C|-c|--git-dir|--work-tree|--namespace|--config-env)$/.test(words[at]!)
    const value = words[at + 1]
    if (words[at] === '-C' && value !== undefined)
      directory = directory === undefined ? value : join(directory, value)
    at += takesValue ? 2 : 1
  }
  return { verb: words[at] ?? '', at, directory }
}
