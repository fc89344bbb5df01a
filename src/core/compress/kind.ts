import { contentClassOf } from '../tokens/content-class.ts'
import type { Kind } from './strategy.ts'

/** What is looked at: enough to tell, and the same time for any length. */
const HEAD_CHARS = 32 * 1024

/** Shares of the lines that are not blank. */
interface Sign {
  readonly kind: Kind
  readonly line: RegExp
  readonly share: number
  /** Lines that say so at least, whatever their share. */
  readonly least: number
}

/** The first that holds is the kind; those that others contain come first. */
const SIGNS: readonly Sign[] = [
  { kind: 'diff', line: /^(diff --git |@@ -\d+|\+\+\+ [^\s]|--- [^\s]|Index: )/, share: 0.004, least: 3 },
  {
    kind: 'tree',
    line: /^\s*(- |\[\d+\] |uid=\S+ )?(generic|button|link|heading|textbox|navigation|StaticText|RootWebArea|listitem|paragraph|img|list|main|banner|text|cell|row|option|combobox)\b( ".*| \[|:|$)/,
    share: 0.4,
    least: 4,
  },
  {
    kind: 'test',
    line: /^\s*(✓|✔|✗|✖|×|√|❯|not ok \d|ok \d+|PASS(ED)?\b|FAIL(ED)?\b|--- (PASS|FAIL)|=== RUN|test .*\.\.\. (ok|FAILED|ignored)|.*::.* (PASSED|FAILED|SKIPPED|XFAIL)|[\w./-]+\.py [.FsExX]+(\s+\[|$)|Tests? (Files|Suites)?:?\s+\d)/,
    share: 0.1,
    least: 3,
  },
  {
    kind: 'trace',
    line: /^\s*(at .+[(:]\S*:?\d*|File ".+", line \d+|Traceback \(|Caused by: |\.\.\. \d+ more|goroutine \d+ |\d+: +0x|#\d+ +0x|[\w$./]+(Error|Exception)(:|$))/,
    share: 0.3,
    least: 4,
  },
  { kind: 'table', line: /^\s*([|+│┌├└].*[|+│┐┤┘]|[^|]+( \| [^|]*){1,}|[-+| ]{6,})$/, share: 0.7, least: 3 },
  {
    kind: 'log',
    line: /^\W{0,3}(\d{4}[-/]\d\d[-/]\d\d|\d\d:\d\d:\d\d|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d|\d+\.\d+\.\d+\.\d+ |(TRACE|DEBUG|INFO|WARN(ING)?|ERROR|FATAL|NOTICE)\b|\[[ \d.:]+\])/i,
    share: 0.4,
    least: 4,
  },
]

const MARKDOWN = /^(#{1,6} \S|```|[-*] \S|\d+\. \S|> |\|.*\||\[.+\]: )/
const CODE =
  /[;{}]\s*$|^\s*(import|from|export|const|let|var|function|class|def|return|if|for|while|func|fn|pub|package|public|private|#include|use|type|interface)\b/
const FOUND = /^[\w@./\\-]+[:-]\d+[:-]/
const JSON_LINE = /^\s*("[^"]*":\s|["[\]{}]|[-\d.]+,?$)/
const CODE_CLASSES: ReadonlySet<string> = new Set([
  'typescript',
  'python',
  'go',
  'rust',
  'java',
  'c',
  'script',
])

/** The kind of a text by its own look, else by its path or MIME type. Never throws. */
export function kindOf(text: string, { path = '', mime = '' }: { path?: string; mime?: string } = {}): Kind {
  const head = text.slice(0, HEAD_CHARS)
  if (/json/i.test(mime) || looksLikeJson(text)) return 'json'
  const named = path === '' ? undefined : contentClassOf(path)
  if (named !== undefined && CODE_CLASSES.has(named)) return 'code'
  if (/html|xml/i.test(mime) || /^\s*<(!doctype html|html|\?xml|svg|body|div)\b/i.test(head)) return 'tree'
  if (named === 'prose' && /\.(md|mdx|markdown)$/i.test(path)) return 'markdown'
  const lines = head.split('\n').filter((line) => line.trim() !== '')
  for (const { kind, line, share, least } of SIGNS) {
    const count = lines.reduce((sum, one) => sum + Number(line.test(one)), 0)
    if (count >= least && count >= share * lines.length) return kind
  }
  if (/markdown/i.test(mime)) return 'markdown'
  const shareOf = (pattern: RegExp) =>
    lines.reduce((sum, line) => sum + Number(pattern.test(line)), 0) / Math.max(1, lines.length)
  if (/^#{1,6} \S/m.test(head) && shareOf(MARKDOWN) > 0.1) return 'markdown'
  // What a search found is records, and so is JSON that was cut off.
  const isRecords = shareOf(FOUND) > 0.5 || shareOf(JSON_LINE) > 0.8
  if (lines.length > 3 && !isRecords && shareOf(CODE) > 0.4) return 'code'
  return 'text'
}

/** One value, or one a line; what only begins so is found out by reading it. */
function looksLikeJson(text: string): boolean {
  const [first, last] = [/\S/.exec(text)?.[0], text.trimEnd().at(-1)]
  if (!((first === '{' && last === '}') || (first === '[' && last === ']'))) return false
  // Log lines begin with a bracket too.
  return /^\s*(\{\s*("|\})|\[\s*(["{[\]\d-]|true|false|null))/.test(text) && !/^\s*\[[^"{\]]*\] \S/.test(text)
}
