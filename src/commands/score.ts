import { existsSync, statSync } from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { realPathOrSelf } from '../core/config/write-file.ts'
import { MyceliumError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import { counted } from '../core/report/counted.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'
import { printable } from '../core/report/printable.ts'
import { type RankedNow, rankFor } from '../core/report/ranked.ts'
import {
  explainText,
  functionsText,
  ordered,
  type ScoreOrder,
  scoreCsv,
  scoreJson,
  scoreText,
} from '../core/report/score-report.ts'
import type { RankedFile } from '../core/score/ranked.ts'

/** `mycelium score`. */
export interface ScoreOptions {
  readonly by: ScoreOrder
  readonly limit: number
  readonly functions?: boolean
  readonly focus?: readonly string[]
  readonly explain?: string
  readonly task?: string
  readonly json?: boolean
  readonly csv?: boolean
}

/** Scores the files of a directory, or one file. */
export async function runScore(io: Io, path: string | undefined, options: ScoreOptions): Promise<void> {
  const asked = resolve(io.cwd, path ?? '.')
  const single = isFile(asked)
  const root = single ? dirname(asked) : asked
  const below = (given: string) => placeOf(given, io.cwd, root)
  const ranking = await rankFor(io, root, {
    focus: (options.focus ?? []).map(below),
    ...(options.task !== undefined && { text: options.task }),
  })
  tellGaps(io, ranking, options.focus ?? [], below)
  const inOrder = ordered(ranking.files, options.by)
  const command = path === undefined ? 'mycelium score' : `mycelium score ${path}`
  const screen = { width: io.width, paint: io.paint.stdout }
  if (options.explain !== undefined) {
    const file = fileNamed(inOrder, below(options.explain), options.explain, `${command} --explain `)
    const place = ordered(ranking.files, 'importance').indexOf(file) + 1
    if (options.json)
      io.write(jsonText({ ...scoreJson([file], true)[0], because: file.because, place, of: inOrder.length }))
    else io.write(explainText(ranking.basis(file.path), file, place, inOrder.length, screen))
    return
  }
  const files = single
    ? [fileNamed(inOrder, basename(asked), asked, `mycelium score ${dirname(path!)}/`)]
    : inOrder
  const withFunctions = options.functions === true || single
  if (options.json) io.write(jsonText({ files: scoreJson(files, withFunctions), tokensBy: ranking.tokensBy }))
  else if (options.csv) io.write(scoreCsv(files, withFunctions))
  else
    io.write(
      withFunctions
        ? functionsText(files, options.limit, screen)
        : scoreText(files, options.limit, ranking.tokensBy, screen),
    )
}

/** A path below the root: as the shell sees it or, where nothing is there, as the table of the root has it. */
function placeOf(given: string, cwd: string, root: string): string {
  const seen = resolve(cwd, given)
  const path = existsSync(seen) ? seen : resolve(root, given)
  return (
    relative(realPathOrSelf(root), join(realPathOrSelf(dirname(path)), basename(path)))
      .split(sep)
      .join('/') || '.'
  )
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

function fileNamed(files: readonly RankedFile[], path: string, given: string, command: string): RankedFile {
  const file = files.find((one) => one.path === path)
  if (file !== undefined) return file
  const near = nearest(
    path,
    files.map((one) => one.path),
  )
  throw new MyceliumError(
    'path_missing',
    `${given} is not among the ${counted(files.length, 'file')} that git would keep`,
    {
      hint: near === undefined ? 'mycelium score' : command + near,
    },
  )
}

/** What the answer lacks. */
function tellGaps(
  io: Io,
  { gap, unreadable, unloaded, files }: RankedNow,
  focus: readonly string[],
  below: (path: string) => string,
): void {
  if (gap !== undefined) io.talk(`${gap.message}\n`)
  if (unloaded > 0)
    io.talk(
      `${counted(unloaded, 'file')} scored by lines and tokens alone: oxc-parser is not installed, or has no build for this machine\n`,
    )
  if (unreadable.length > 0)
    io.talk(
      `not read: ${unreadable.slice(0, 5).map(printable).join(', ')}${unreadable.length > 5 ? ', …' : ''}\n`,
    )
  for (const given of focus) {
    const path = below(given)
    if (path !== '.' && !files.some((file) => file.path === path || file.path.startsWith(`${path}/`)))
      throw new MyceliumError('path_missing', `--focus ${given}: no file that git would keep is there`)
  }
}
