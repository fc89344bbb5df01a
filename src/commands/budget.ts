import { mkdirSync, realpathSync } from 'node:fs'
import { relative, resolve, sep } from 'node:path'
import { type BudgetPlan, DEFAULT_READS, type FileBudget, planBudgets } from '../core/budget/plan.ts'
import { formerBudgets, writePlan } from '../core/budget/plan-file.ts'
import type { RankRepository } from '../core/budget/source.ts'
import { systemClock } from '../core/clock.ts'
import { type Resolved, resolveSettings } from '../core/config/layers.ts'
import { type Paths, pathsFrom } from '../core/config/paths.ts'
import { writeFailure } from '../core/config/write-file.ts'
import { hasErrno, MyceliumError } from '../core/errors.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'
import { printable } from '../core/report/printable.ts'
import { rankFor } from '../core/report/ranked.ts'
import { table } from '../core/report/table.ts'
import type { RankedFile } from '../core/score/ranked.ts'

/** Options of `mycelium budget files`. */
export interface BudgetFilesOptions {
  readonly window?: number
  readonly explain?: string
  readonly all?: boolean
  readonly write?: boolean
  readonly json?: boolean
  readonly config?: readonly string[]
}

const BECAUSE: Readonly<Record<FileBudget['because'], string>> = {
  small: 'small files are given whole',
  fits: 'its share is more than it has',
  share: 'its share by importance and complexity',
  floor: 'room for an outline',
}

/** `mycelium budget files`; `rank` is what it has its files from. Throws path_missing, unknown_file, and what the ranking throws. */
export async function runBudgetFiles(
  io: Io,
  path: string | undefined,
  options: BudgetFilesOptions,
  rank: RankRepository = (root, { focus = [] }) => rankFor(io, root, { focus }),
): Promise<void> {
  const paths = pathsFrom(io.env)
  const asked = realDirectory(resolve(io.cwd, path ?? '.'))
  const settings = resolveSettings({ flags: options.config ?? [], env: io.env, cwd: asked, paths })
  const window = options.window ?? settings.get('budget.window_tokens')
  const ranking = await rank(asked, { signal: io.signal })
  const root = ranking.root ?? asked
  const former = formerBudgets(paths.budgets, root, window)
  const plan = planBudgets(ranking.files, { window, ...(former && { former }) })
  const written = options.write ? write(paths, root, plan) : undefined
  if (options.explain !== undefined) {
    const file = find(plan, ranking.files, root, resolve(io.cwd, options.explain))
    if (options.json)
      io.write(jsonText({ ...fileJson(file.budget), level: levelJson(plan), features: file.ranked.because }))
    else io.write(explainText(file.budget, file.ranked, plan))
  } else if (options.json)
    io.write(
      jsonText({
        root,
        window,
        share: plan.share,
        capacity: Math.round(plan.capacity),
        level: levelJson(plan),
        written: written ?? null,
        files: plan.files.map(fileJson),
      }),
    )
  else io.write(filesText(plan, options, ranking.tokensBy, io.width))
  if (!options.json) talk(io, settings, written)
}

/** What is written is what the hook reads. */
function write(paths: Paths, root: string, plan: BudgetPlan): string {
  try {
    mkdirSync(paths.budgets, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw writeFailure(paths.budgets, cause)
  }
  return writePlan(paths.budgets, root, plan, systemClock.wall())
}

function talk(io: Io, settings: Resolved, written: string | undefined): void {
  const isOn = settings.get('budget.enabled')
  if (written !== undefined) io.talk(`kept for the hook in ${written}\n`)
  if (written !== undefined && !isOn)
    io.talk(
      'nothing acts by it: budget.enabled is off\n  next: mycelium config set budget.enabled=true, and mycelium init --hooks where the hook is not installed\n',
    )
  if (written === undefined && isOn)
    io.talk('shown only: the hook goes by what was kept last\n  next: mycelium budget files --write\n')
}

function filesText(
  plan: BudgetPlan,
  { all }: BudgetFilesOptions,
  tokensBy: string | undefined,
  width: number,
): string {
  const over = plan.files
    .filter(({ budget, tokens }) => budget < tokens)
    .sort((a, b) => b.tokens - b.budget - (a.tokens - a.budget) || (a.path < b.path ? -1 : 1))
  const rest = all ? plan.files.filter(({ budget, tokens }) => budget >= tokens) : []
  const rows = [...over, ...rest].map((file) => [
    printable(file.path),
    String(file.tokens),
    String(file.budget),
    file.importance.toFixed(2),
    `${BECAUSE[file.because]}${file.kept ? ', kept from before' : ''}`,
  ])
  const total = (of: (file: FileBudget) => number) => plan.files.reduce((sum, file) => sum + of(file), 0)
  const head = `${plan.files.length} files with ${total(({ tokens }) => tokens)} tokens${tokensBy === undefined ? '' : ` (${tokensBy})`}; ${over.length} over their budget. Window ${plan.window}, \
${Math.round(plan.share * 100)} % of it for reads${plan.files.length > DEFAULT_READS ? `, of ${DEFAULT_READS} of these files on average` : ''}.\n`
  if (rows.length === 0) return `${head}Each file is given whole.\n`
  return `${head}\n${table(
    [
      { title: 'PATH', shrinks: true },
      { title: 'TOKENS', align: 'right' },
      { title: 'BUDGET', align: 'right' },
      { title: 'IMPORTANCE', align: 'right' },
      { title: 'WHY', shrinks: true },
    ],
    rows,
    width,
  )}`
}

function explainText(file: FileBudget, ranked: RankedFile, plan: BudgetPlan): string {
  const answer =
    file.budget < file.tokens ? 'an outline of that size; asked again, the whole file' : 'the whole file'
  const features = Object.entries(ranked.because).map(([name, value]) => `${name} ${value.toFixed(2)}`)
  const level = Number.isFinite(plan.level)
    ? `${Math.round(plan.level)} tokens for each unit of weight`
    : 'everything fits'
  return [
    printable(file.path),
    `  tokens      ${file.tokens} (${file.bytes} bytes)`,
    `  budget      ${file.budget}: ${BECAUSE[file.because]}${file.kept ? ', kept from before' : ''}`,
    `  importance  ${file.importance.toFixed(3)}${features.length > 0 ? `: ${features.join(', ')}` : ''}`,
    `  complexity  ${ranked.cognitive} cognitive, ${ranked.cyclomatic} cyclomatic`,
    `  weight      ${file.weight.toFixed(3)}`,
    `  level       ${level}`,
    `  first read  ${answer}`,
    '',
  ].join('\n')
}

function fileJson({ path, tokens, bytes, budget, importance, weight, because, kept }: FileBudget): object {
  return { path, tokens, bytes, budget, importance, weight, because, kept }
}

/** JSON has no infinity: null where everything fits. */
function levelJson({ level }: BudgetPlan): number | null {
  return Number.isFinite(level) ? level : null
}

function find(
  plan: BudgetPlan,
  ranked: readonly RankedFile[],
  root: string,
  file: string,
): { readonly budget: FileBudget; readonly ranked: RankedFile } {
  const path = relative(root, real(file) ?? file)
    .split(sep)
    .join('/')
  const budget = plan.files.find((one) => one.path === path)
  const known = ranked.find((one) => one.path === path)
  if (budget !== undefined && known !== undefined) return { budget, ranked: known }
  throw new MyceliumError(
    'unknown_file',
    known === undefined
      ? `${file} is not among the files of ${root}`
      : `${file} has no text, and so no budget`,
  )
}

function realDirectory(path: string): string {
  const found = real(path)
  if (found === undefined) throw new MyceliumError('path_missing', `${path} does not exist`)
  return found
}

function real(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}
