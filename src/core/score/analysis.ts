/** One function of a file, as its syntax tree has it. Lines count from 1. */
export interface FunctionScore {
  /** `Class.method` for a method, the name it is bound to for an expression, else `<anonymous>`. */
  readonly name: string
  readonly line: number
  readonly endLine: number
  /** Lines of code: neither blank nor comment alone. */
  readonly lines: number
  /** McCabe's: decisions + 1. */
  readonly cyclomatic: number
  /** As SonarSource's paper defines it (G. Ann Campbell, Cognitive Complexity, 2023). */
  readonly cognitive: number
  /** Deepest nesting of control structures; 0 for none. */
  readonly nesting: number
  readonly parameters: number
}

/** What a definition offers, without its body. */
export interface OutlineEntry {
  readonly kind: 'function' | 'method' | 'class' | 'interface' | 'type' | 'constant' | 'module'
  readonly name: string
  /** Its head as the source spells it, white space collapsed, body left out. */
  readonly signature: string
  readonly line: number
  readonly endLine: number
  /** 0 at the top of the file, 1 inside of one of those, … */
  readonly depth: number
  readonly exported: boolean
}

/** One mention of another file or module. */
export interface ImportRef {
  /** As the source spells it: `./a.js`, `@app/b`, `pkg.mod`, `crate::c`, `com.acme.D`, `"e.h"`. */
  readonly specifier: string
  readonly line: number
  readonly kind: 'import' | 'reexport' | 'require' | 'dynamic' | 'include' | 'module'
  /** Only types are taken, and nothing remains of it at run time. */
  readonly typeOnly: boolean
  /** What is taken, by its name there; `*` for all of it, none for an import for its effects. */
  readonly names: readonly string[]
}

/** What a syntax tree says of one file. */
export interface ParsedFile {
  /** Lines of code: neither blank nor comment alone. */
  readonly codeLines: number
  /** Sum over functions, and of the decisions outside of any. */
  readonly cyclomatic: number
  readonly cognitive: number
  readonly nesting: number
  readonly functions: readonly FunctionScore[]
  readonly outline: readonly OutlineEntry[]
  readonly imports: readonly ImportRef[]
  /** Names that other files may take. */
  readonly exports: readonly string[]
  /** Places that the parser did not understand; what is around them is counted. */
  readonly syntaxErrors: number
}

/** Reads one language family. */
export interface Analyzer {
  /** Throws where nothing can be read of the text at all; the caller scores it by its lines then. */
  parse(path: string, text: string): ParsedFile
}
