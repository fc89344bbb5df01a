import { compress } from '../compress/compress.ts'
import type { Compression, CompressOptions } from '../compress/strategy.ts'
import type { Judge, Verdict } from '../compress/verdict-type.ts'
import { factLedger } from '../verdict/facts/ledger.ts'

/** What is put down with an original that was shortened: enough to do it again. */
export interface NotedCompression extends Compression {
  /** Tokens that were few enough. */
  readonly target?: number
  /** Of the source that was asked for. */
  readonly path?: string
}

const EXACT = { similarity: 1, coverage: { mean: 1, p5: 1, min: 1 } }

/**
 * What the judge says of a result as an agent got it: the shortening is done again, each exact step read back and each other one judged. Where that gives
 * another text, as after an update, the text that the agent got is judged by itself.
 */
export async function judgedAgain(
  original: string,
  noted: NotedCompression,
  options: Pick<CompressOptions, 'count' | 'parse'> & { readonly judge: Judge },
): Promise<Verdict> {
  const again = await compress(original, {
    ...options,
    kind: noted.kind,
    keep: () => noted.handle ?? '',
    ...(noted.target !== undefined && { target: noted.target }),
    ...(noted.path !== undefined && { path: noted.path }),
  })
  if (again.content !== noted.content)
    return await options.judge(original, noted.content, { leftOut: noted.leftOut, gone: noted.gone ?? [] })
  if (again.verdict !== undefined) return again.verdict
  const { total } = factLedger(original, original)
  return { pass: true, tier: 'none', ...EXACT, lost: [], facts: { kept: total, lost: 0 } }
}
