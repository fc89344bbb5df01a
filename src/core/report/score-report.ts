import type { FunctionScore } from '../score/analysis.ts'
import type { RankedFile } from '../score/ranked.ts'
import { counted } from './counted.ts'
import { type Fact, factsText, wrapped } from './facts.ts'
import type { Paint } from './paint.ts'
import { printable } from './printable.ts'
import { csvText } from './report-table.ts'
import { type Column, table } from './table.ts'

/** What files are ordered by. */
export const SCORE_ORDERS = ['importance', 'complexity', 'tokens'] as const

/** What files are ordered by. */
export type ScoreOrder = (typeof SCORE_ORDERS)[number]

/** Where a table is shown. */
export interface Screen {
  readonly width: number
  readonly paint: Paint
}

const WEIGHT: Readonly<Record<ScoreOrder, (file: RankedFile) => number>> = {
  importance: ({ importance }) => importance,
  complexity: ({ cognitive, cyclomatic }) => cognitive + cyclomatic / 1e6,
  tokens: ({ tokens }) => tokens,
}

/** Best first; of two that are as good, in the order of their paths. */
export function ordered(files: readonly RankedFile[], by: ScoreOrder): readonly RankedFile[] {
  return files.toSorted((a, b) => WEIGHT[by](b) - WEIGHT[by](a) || (a.path < b.path ? -1 : 1))
}

/** The files as `--json` gives them. */
export function scoreJson(files: readonly RankedFile[], withFunctions: boolean): readonly object[] {
  return files.map((file) => {
    const { path, nature, language, lines, tokens, cyclomatic, cognitive, importance, fallback } = file
    return {
      ...{ path, language, nature, lines, tokens, cyclomatic, cognitive },
      importance: rounded(importance),
      ...(fallback === undefined ? {} : { fallback }),
      // Read only where they are asked for: they are most of what is kept of a repository.
      ...(withFunctions && { functions: file.functions.map(functionJson) }),
    }
  })
}

function functionJson({
  name,
  line,
  endLine,
  cyclomatic,
  cognitive,
  lines,
  parameters,
  nesting,
}: FunctionScore): object {
  return { name, line, endLine, cyclomatic, cognitive, lines, parameters, nesting }
}

function rounded(value: number): number {
  return Number(value.toFixed(4))
}

/** The files as CSV, one row each, or with `withFunctions` one row a function. */
export function scoreCsv(files: readonly RankedFile[], withFunctions: boolean): string {
  if (!withFunctions)
    return csvText(
      ['path', 'language', 'nature', 'lines', 'tokens', 'cyclomatic', 'cognitive', 'importance'],
      files.map((f) => [
        f.path,
        f.language,
        f.nature,
        f.lines,
        f.tokens,
        f.cyclomatic,
        f.cognitive,
        rounded(f.importance),
      ]),
    )
  return csvText(
    ['path', 'name', 'line', 'endLine', 'lines', 'cyclomatic', 'cognitive', 'nesting', 'parameters'],
    files.flatMap(({ path, functions }) =>
      functions.map((f) => [
        path,
        f.name,
        f.line,
        f.endLine,
        f.lines,
        f.cyclomatic,
        f.cognitive,
        f.nesting,
        f.parameters,
      ]),
    ),
  )
}

const FILE_COLUMNS: readonly Column[] = [
  { title: 'FILE', shrinks: true },
  { title: 'LANGUAGE' },
  { title: 'LINES', align: 'right' },
  { title: 'TOKENS', align: 'right' },
  { title: 'CYCLOMATIC', align: 'right' },
  { title: 'COGNITIVE', align: 'right' },
  { title: 'IMPORTANCE', align: 'right' },
]

const FUNCTION_COLUMNS: readonly Column[] = [
  { title: 'FUNCTION', shrinks: true },
  { title: 'PLACE', shrinks: true },
  { title: 'LINES', align: 'right' },
  { title: 'CYCLOMATIC', align: 'right' },
  { title: 'COGNITIVE', align: 'right' },
  { title: 'NESTING', align: 'right' },
  { title: 'PARAMETERS', align: 'right' },
]

/** The first files as a table, how many more there are, and what tokens are counted by. */
export function scoreText(
  files: readonly RankedFile[],
  limit: number,
  tokensBy: string,
  { width }: Screen,
): string {
  const rows = files
    .slice(0, limit)
    .map((file) => [
      printable(file.path),
      file.language,
      ...[file.lines, file.tokens, file.cyclomatic, file.cognitive].map((n) => n.toLocaleString('en')),
      file.importance.toFixed(3),
    ])
  return `${table(FILE_COLUMNS, rows, width)}${more(files.length - limit, 'file')}${wrapped(`tokens: ${tokensBy}`, width).join('\n')}\n`
}

/** The functions of these files, most complex first, as a table. */
export function functionsText(files: readonly RankedFile[], limit: number, { width }: Screen): string {
  const all = files
    .flatMap(({ path, functions }) => functions.map((one) => ({ path, one })))
    .sort((a, b) => b.one.cognitive - a.one.cognitive || b.one.cyclomatic - a.one.cyclomatic)
  const rows = all
    .slice(0, limit)
    .map(({ path, one }) => [
      printable(one.name),
      printable(`${path}:${one.line}`),
      ...[one.lines, one.cyclomatic, one.cognitive, one.nesting, one.parameters].map(String),
    ])
  return table(FUNCTION_COLUMNS, rows, width) + more(all.length - limit, 'function')
}

function more(left: number, what: string): string {
  return left > 0 ? `… and ${counted(left, what)} more: --limit, --json or --csv\n` : ''
}

/** Why one file has the importance that it has; `basis` is what its tokens are counted by. */
export function explainText(
  basis: string,
  file: RankedFile,
  place: number,
  of: number,
  { width, paint }: Screen,
): string {
  const percent = (value: number) => `${(100 * value).toFixed(0)} %`
  const reasons = Object.entries(file.because)
    .sort(([, a], [, b]) => Math.abs(b) - Math.abs(a))
    .map(([feature, value]): Fact => [feature, percent(value)])
  return factsText(
    [
      ['file', printable(file.path)],
      ['importance', `${file.importance.toFixed(3)}, place ${place} of ${of}`],
      ['kind', `${file.nature}, ${file.language}${file.fallback === undefined ? '' : ` (${file.fallback})`}`],
      ['size', `${counted(file.lines, 'line')}, ${counted(file.tokens, 'token')} (${basis})`],
      [
        'complexity',
        `cyclomatic ${file.cyclomatic}, cognitive ${file.cognitive}, ${counted(file.functions.length, 'function')}`,
      ],
      ['imported by', counted(file.importedBy, 'file')],
      [
        'last commit',
        Number.isFinite(file.commitsAgo)
          ? `${counted(file.commitsAgo, 'commit')} ago`
          : 'not in the history that was read',
      ],
      ...reasons,
    ],
    width,
    paint,
  )
}
