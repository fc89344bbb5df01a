import type { Analyzer, FunctionScore, ImportRef, ParsedFile } from '../analysis.ts'
import { type CodeLines, codeLinesOf } from './code-lines.ts'
import type { CodePath } from './code-path.ts'
import { exportedBy } from './exports.ts'
import { commentImports, statementImports } from './imports.ts'
import type { ModuleCall } from './module-calls.ts'
import { outlineOf } from './outline.ts'
import { loadOxc, type Oxc } from './oxc.ts'
import { type ParsedProgram, parseProgram } from './parse.ts'
import { scriptsIn } from './script-blocks.ts'
import { walk } from './walk.ts'

/** Ends of the names of files that this analyzer reads, in lower case. */
export const ECMA_EXTENSIONS: readonly string[] = [
  '.ts',
  '.tsx',
  '.mts',
  '.cts',
  '.js',
  '.jsx',
  '.mjs',
  '.cjs',
  '.vue',
  '.svelte',
  '.astro',
]

/**
 * Reads TypeScript, JavaScript, both with JSX, and the scripts of Vue, Svelte and Astro files. Throws where oxc-parser
 * cannot be loaded. Its `parse` throws where the parser understood nothing and where the text is nested too deep for it.
 */
export async function ecmaAnalyzer(): Promise<Analyzer> {
  const oxc = await loadOxc()
  return { parse: (path, text) => parsedFile(oxc, path, text) }
}

function parsedFile(oxc: Oxc, path: string, text: string): ParsedFile {
  const scripts = /\.(vue|svelte|astro)$/i.test(path) ? scriptsIn(path, text) : undefined
  const name = scripts === undefined ? path : `${path}.${scripts.language}`
  const parsed = parseProgram(oxc, name, scripts?.text ?? text)
  const lines = codeLinesOf(text, parsed.comments)
  const { paths, file, calls } = walk(
    parsed.program,
    parsed.text,
    parsed.text.includes('import(') ? oxc.all : oxc.running,
  )
  const exported = exportedBy(parsed.program, parsed.text)
  const functions = paths.filter(({ kind }) => kind === 'function')
  return {
    codeLines: lines.total,
    cyclomatic: paths.reduce(
      (sum, { kind, cyclomatic }) => sum + cyclomatic - (kind === 'function' ? 0 : 1),
      file.cyclomatic - 1,
    ),
    cognitive: functions.reduce((sum, { cognitive }) => sum + cognitive, file.cognitive),
    nesting: functions.reduce((deepest, { nesting }) => Math.max(deepest, nesting), file.nesting),
    functions: functions.map((path) => scoreOf(path, lines)),
    outline: outlineOf(parsed.program, parsed.text, lines, exported.locals),
    imports: importsOf(parsed, calls, lines),
    exports: exported.names,
    syntaxErrors: parsed.errors,
  }
}

function scoreOf(
  { name, from, end, cyclomatic, cognitive, nesting, parameters }: CodePath,
  lines: CodeLines,
): FunctionScore {
  const line = lines.lineAt(from)
  const endLine = lines.lineAt(end - 1)
  return {
    name,
    line,
    endLine,
    lines: lines.count(line, endLine),
    cyclomatic,
    cognitive,
    nesting,
    parameters,
  }
}

function importsOf(
  { program, comments, declarations }: ParsedProgram,
  calls: readonly ModuleCall[],
  lines: CodeLines,
): readonly ImportRef[] {
  return [...statementImports(program), ...calls, ...commentImports(comments, program)]
    .sort((a, b) => a.offset - b.offset)
    .map(({ specifier, offset, kind, typeOnly, names }) => ({
      specifier,
      line: lines.lineAt(offset),
      kind,
      typeOnly: typeOnly || declarations,
      names,
    }))
}
