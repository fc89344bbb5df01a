import { join } from 'node:path'
import ignore from 'ignore'
import { takeBlock } from '../clients/block-edit.ts'
import { readConfig } from '../config/config-text.ts'
import { MyceliumError } from '../errors.ts'
import { DIALECTS } from './dialects/table.ts'

/**
 * Whether the user said that a path stays visible: by a negation above our block in any ignore file of the project, by the setting
 * `ignore.keep`, or by `mycelium ignore allow`. All are gitignore patterns, the last plain paths.
 */
export function userKeeps(
  project: string,
  patterns: readonly string[],
  allowed: readonly string[],
): (path: string) => boolean {
  const negations = DIALECTS.filter(({ shape }) => shape === 'block').flatMap(({ file }) =>
    negationsIn(join(project, file)),
  )
  const matcher = ignore({ allowRelativePaths: true }).add([...negations, ...patterns])
  const opened = new Set(allowed)
  return (path) =>
    opened.has(path) || allowed.some((one) => path.startsWith(`${one}/`)) || matcher.ignores(path)
}

function negationsIn(file: string): readonly string[] {
  try {
    const text = readConfig(file)?.text ?? ''
    const own = takeBlock(text, [], false).text.replace(/^\uFEFF/, '')
    return own.split(/\r?\n/).flatMap((line) => (/^!./.test(line) ? [line.slice(1)] : []))
  } catch (error) {
    // Writing it will report that; planning goes on.
    if (error instanceof MyceliumError) return []
    throw error
  }
}
