import { Language, type Node, Parser, type Tree } from 'web-tree-sitter'
import type { Analyzer, ImportRef, ParsedFile } from '../analysis.ts'
import { complexityOf } from './complexity.ts'
import { type Kinds, kindsOf } from './kinds.ts'
import { GRAMMAR_LANGUAGES, type GrammarLanguage, TABLES } from './languages.ts'
import { outlineOf } from './outline.ts'
import type { LanguageTable } from './table.ts'
import { wasmPath } from './wasm.ts'

export { GRAMMAR_LANGUAGES, type GrammarLanguage }

/** Analyzers by language; each is made once. */
export type GrammarAnalyzers = (language: GrammarLanguage) => Promise<Analyzer>

/**
 * Analyzers over web-tree-sitter, for one thread. The runtime is loaded with the first, each grammar when first asked for.
 * Rejects where a grammar is not in the package. Keep what it returns, one for each thread: what was loaded stays in memory.
 */
export function grammarAnalyzers(): GrammarAnalyzers {
  const grammars = new Map<GrammarLanguage, Promise<Grammar>>()
  let runtime: Promise<void> | undefined
  const grammar = (language: GrammarLanguage): Promise<Grammar> => {
    // Once: grammars that were loaded into one runtime are lost on the next.
    runtime ??= Parser.init({ locateFile: () => wasmPath('web-tree-sitter/web-tree-sitter.wasm') })
    const known = grammars.get(language) ?? loadGrammar(TABLES[language], runtime)
    grammars.set(language, known)
    return known
  }
  return async (language) => {
    const own = await grammar(language)
    if (language !== 'c') return { parse: (_, text) => read(own, text) }
    // A header says not which of the two it is; the one that understands more of it is taken.
    const other = await grammar('cpp')
    return { parse: (path, text) => (/\.h$/i.test(path) ? readBetter(own, other, text) : read(own, text)) }
  }
}

interface Grammar {
  readonly parser: Parser
  readonly table: LanguageTable
  readonly kinds: Kinds
}

async function loadGrammar(table: LanguageTable, runtime: Promise<void>): Promise<Grammar> {
  await runtime
  const language = await Language.load(wasmPath(table.wasm))
  const parser = new Parser()
  parser.setLanguage(language)
  return { parser, table, kinds: kindsOf(table, language) }
}

function readBetter(c: Grammar, cpp: Grammar, text: string): ParsedFile {
  const asC = read(c, text)
  if (asC.syntaxErrors === 0) return asC
  const asCpp = read(cpp, text)
  return asCpp.syntaxErrors < asC.syntaxErrors ? asCpp : asC
}

function read({ parser, table, kinds }: Grammar, text: string): ParsedFile {
  const tree = parser.parse(text)
  if (!tree) throw new Error('the parser gave no tree')
  try {
    return describe(tree, text, table, kinds)
  } finally {
    // Trees are in the memory of WebAssembly, which no garbage collector looks after.
    tree.delete()
    parser.reset()
  }
}

function describe(tree: Tree, text: string, table: LanguageTable, kinds: Kinds): ParsedFile {
  const root = tree.rootNode
  const { lines, importNodes, ...numbers } = complexityOf(tree, text, table, kinds)
  const imports = importNodes.flatMap((node) => table.imports[node.type]?.(node) ?? [])
  return {
    codeLines: lines.at(-1)!,
    ...numbers,
    ...outlineOf(root, text, table),
    imports: [...imports, ...importCallsOf(root, text, table)],
    syntaxErrors: root.hasError ? countErrors(root) : 0,
  }
}

function importCallsOf(root: Node, text: string, table: LanguageTable): readonly ImportRef[] {
  if (!table.importCalls) return []
  const { pattern, read } = table.importCalls
  return [...text.matchAll(pattern)].flatMap((match) => {
    const at = match.index + match[0].length - 1
    const node = root.descendantForIndex(at, at + 1)
    return (node && read(node)) ?? []
  })
}

/** What the parser left out as not understood, and what it put in for want of it. */
function countErrors(root: Node): number {
  let count = 0
  const open: Node[] = [root]
  for (let node = open.pop(); node; node = open.pop()) {
    if (node.isError || node.isMissing) count++
    for (const child of node.children) if (child.hasError) open.push(child)
  }
  return count
}
