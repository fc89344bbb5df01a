import { MyceliumError } from '../errors.ts'
import { lineAndColumn } from '../text-place.ts'
import { type Format, type MapValue, type Syntax, SyntaxProblem } from './document.ts'
import { jsonSyntax } from './json-syntax.ts'
import { tomlSyntax } from './toml-syntax.ts'
import { yamlSyntax } from './yaml-syntax.ts'

/** How each language is read and edited. */
export const SYNTAXES: Readonly<Record<Format, Syntax>> = {
  json: jsonSyntax,
  toml: tomlSyntax,
  yaml: yamlSyntax,
}

/** The tree of a config text. Throws config_invalid with line and column. */
export function readDocument(text: string, format: Format, file: string): MapValue {
  try {
    return SYNTAXES[format].read(text)
  } catch (cause) {
    if (cause instanceof SyntaxProblem) {
      const { line, column } = lineAndColumn(text, cause.offset)
      throw new MyceliumError('config_invalid', `${file}:${line}:${column}: ${cause.message}`, {
        cause,
        data: { file, line, column },
      })
    }
    if (cause instanceof RangeError) {
      throw new MyceliumError('config_invalid', `${file}: nested too deeply`, { cause, data: { file } })
    }
    throw cause
  }
}
