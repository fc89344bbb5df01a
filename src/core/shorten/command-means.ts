import { join } from 'node:path'
import { parsedBy } from '../budget/outline-cache.ts'
import { systemClock } from '../clock.ts'
import { STRATEGY_NAMES } from '../compress/strategies.ts'
import type { CompressOptions } from '../compress/strategy.ts'
import { resolveSettings } from '../config/layers.ts'
import { packageRoot } from '../config/package-root.ts'
import { pathsFrom } from '../config/paths.ts'
import { MyceliumError } from '../errors.ts'
import { openOriginals } from '../originals/open.ts'
import type { Originals } from '../originals/store.ts'
import { loadCounter } from '../tokens/count.ts'
import { judgeIn, nearIn } from '../verdict/judge-by.ts'
import { openJudging } from '../verdict/open-judge.ts'

/** Options of `mycelium optimization compress`, for one text and for turns. */
export interface MeansOptions {
  readonly target?: { readonly tokens: number } | { readonly share: number }
  readonly strategy?: readonly string[]
  readonly query?: string
  readonly pin?: readonly string[]
  readonly kind?: string
  /** False with --no-judge: only what loses nothing. */
  readonly judge?: boolean
  readonly json?: boolean
  readonly config?: readonly string[]
}

/** Where a command runs. */
interface Ground {
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
}

/** What a command shortens with. */
export interface CompressionMeans {
  readonly originals: Originals
  readonly means: CompressOptions
  /** Why an original could not be kept, and the text went out as it is. */
  readonly failures: readonly unknown[]
  /** Ends the process that judges, which starts with the first step that leaves something out. */
  close(): void
}

/** Throws usage for a strategy that there is not. */
export function refuseUnknownStrategies(strategies: readonly string[] = []): void {
  for (const name of strategies) oneOf('strategy', name, STRATEGY_NAMES)
}

/** Loads the table of tokens (0.1 s). */
export async function compressionMeans(
  ground: Ground,
  { config, judge, strategy, query }: MeansOptions,
): Promise<CompressionMeans> {
  const originals = originalsOf(ground, config)
  const judging = openJudging({ clock: systemClock, env: ground.env, models: pathsFrom(ground.env).models })
  const parsers = join(packageRoot(), 'dist/parsers.js')
  const failures: unknown[] = []
  const means: CompressOptions = {
    count: await loadCounter(),
    keep: (text) => {
      try {
        return originals.keep(text)
      } catch (error) {
        failures.push(error)
        throw error
      }
    },
    parse: (path, text) => parsedBy(parsers, path, text),
    ...(judge !== false && { judge: judgeIn(judging) }),
    ...(strategy && { strategies: strategy }),
    ...(query !== undefined && { query, near: nearIn(judging) }),
  }
  return { originals, means, failures, close: () => judging.close() }
}

/** The originals of this user, within the bounds of the settings. */
export function originalsOf(ground: Ground, config: readonly string[] = []): Originals {
  const paths = pathsFrom(ground.env)
  const settings = resolveSettings({ flags: config, env: ground.env, cwd: ground.cwd, paths })
  return openOriginals(paths, settings, () => systemClock.wall())
}

/** A target in tokens, of a text of so many. */
export function tokensIn(target: NonNullable<MeansOptions['target']>, tokens: number): number {
  return 'tokens' in target ? target.tokens : Math.ceil(tokens * target.share)
}

/** The word, where it is one of these. Throws usage, which names them. */
export function oneOf<T extends string>(
  what: string,
  word: string | undefined,
  words: readonly T[],
): T | undefined {
  if (word === undefined || (words as readonly string[]).includes(word)) return word as T | undefined
  throw new MyceliumError('usage', `there is no ${what} ${word}`, { hint: `one of ${words.join(', ')}` })
}
