import type { Comment, Oxc, Program } from './oxc.ts'
import { isTooDeep } from './too-deep.ts'

/** A tree with what belongs to it. */
export interface ParsedProgram {
  readonly program: Program
  readonly comments: readonly Comment[]
  /** What its offsets are of. */
  readonly text: string
  /** Syntax errors that the parser went past. */
  readonly errors: number
  /** Of declarations alone, nothing of which runs. */
  readonly declarations: boolean
}

const DECLARATIONS = /\.d\.([cm]?ts|[^./\\]+\.ts)$/i

/**
 * Parses by the ending of `path`; JavaScript may hold JSX whatever its ending. Throws an Error where the parser gave up
 * before the end of the text, which leaves no tree, and where the text is nested so deep that parsing could end the process.
 */
export function parseProgram(oxc: Oxc, path: string, text: string): ParsedProgram {
  if (isTooDeep(text)) throw new Error(`${path}: nested too deep for the parser's stack`)
  const declarations = DECLARATIONS.test(path)
  const lang = declarations ? 'dts' : languageOf(path)
  const attempt = (sourceType: 'module' | 'commonjs' | 'unambiguous') => {
    // Without parentheses of its own in the tree: they would cut a run of operators in two.
    const result = oxc.parseSync(path, text, { lang, sourceType, preserveParens: false })
    const errors = result.errors.filter(({ severity }) => severity === 'Error')
    return { result, errors: errors.length, first: errors[0]?.message }
  }
  let read = attempt(
    /\.m[jt]s$/i.test(path) ? 'module' : /\.c[jt]s$/i.test(path) ? 'commonjs' : 'unambiguous',
  )
  if (read.errors > 0 && /\.[jt]sx?$/i.test(path)) {
    // `return` and the like at the top, which only CommonJS allows, are not told by the ending.
    const other = attempt('commonjs')
    if (other.errors < read.errors) read = other
  }
  const { program, comments } = read.result
  if (read.errors > 0 && program.body.length === 0) throw new Error(`${path}: ${read.first}`)
  return { program, comments, text, errors: read.errors, declarations }
}

function languageOf(path: string): 'ts' | 'tsx' | 'jsx' {
  if (/\.tsx$/i.test(path)) return 'tsx'
  return /\.[cm]?ts$/i.test(path) ? 'ts' : 'jsx'
}
