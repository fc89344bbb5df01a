import { linesOf } from '../patterns.ts'
import { type Dialect, WHAT_THIS_IS } from './dialect.ts'

/** One ignore file in gitignore's language: what varies between clients. */
export interface PatternFile extends Pick<Dialect, 'target' | 'title' | 'file' | 'when' | 'marks'> {
  /** Said in the file itself. */
  readonly notes?: readonly string[]
  /** What its client does not hold to. */
  readonly gaps: readonly string[]
}

/** The row of an ignore file. */
export function patternFile({ notes = [], gaps, ...row }: PatternFile): Dialect {
  return {
    ...row,
    id: row.file,
    shape: 'block',
    render: (patterns) => {
      const lines = linesOf(patterns)
      if (lines.length === 0) return { lines, lossy: [] }
      const comments = [WHAT_THIS_IS, ...notes.map((note) => `# ${note}`)]
      return { lines: [...comments, ...lines], lossy: [...gaps, ...questionMarks(lines)] }
    },
  }
}

function questionMarks(lines: readonly string[]): readonly string[] {
  const count = lines.filter((line) => line.includes('?')).length
  if (count === 0) return []
  return [
    `${count} ${count === 1 ? 'name has' : 'names have'} a "?", which stands for any one character: a later file may match too`,
  ]
}
