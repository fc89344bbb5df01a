import { docOf } from './doc.ts'
import { headed } from './head.ts'
import { judged } from './judged.ts'
import { kindOf } from './kind.ts'
import { goneFrom } from './put-back.ts'
import { STRATEGIES } from './strategies.ts'
import type { Compression, CompressOptions, Context, Doc, Kind, Step, Strategy } from './strategy.ts'
import { tried } from './tried.ts'
import type { Verdict } from './verdict-type.ts'

/** Of a text shorter than this, the head alone would be a fifth. */
const MIN_TOKENS = 120
const DEFAULT_TARGET = 0.5

/**
 * A text in fewer tokens: first in ways that lose nothing, until `target` is met; then, each only if `judge` passes it, in ways that leave
 * parts out under marks that name their lines. The same text and options give the same bytes. Never rejects and never gives a longer text:
 * whatever fails, the content is the original and has no handle.
 */
export async function compress(text: string, options: CompressOptions): Promise<Compression> {
  let kind: Kind = options.kind ?? 'text'
  const tokensBefore = options.count(text)
  const whole = (steps: readonly Step[]): Compression => ({
    content: text,
    handle: undefined,
    kind,
    tokensBefore,
    tokensAfter: tokensBefore,
    strategies: [],
    lossless: true,
    steps,
    leftOut: [],
  })
  try {
    kind = options.kind ?? kindOf(text, options)
    const target = options.target ?? Math.ceil(tokensBefore * DEFAULT_TARGET)
    if (tokensBefore < MIN_TOKENS || tokensBefore <= target) return whole([])
    const run = await shortened(docOf(text, kind, options.pinned), target, options)
    const taken = run.steps.filter((step) => step.taken)
    if (taken.length === 0) return whole(run.steps)
    // A mark is never written before what it points to is there.
    const handle = options.keep(text)
    const content = headed(run.doc, handle)
    const tokensAfter = options.count(content)
    if (tokensAfter >= tokensBefore || content.length > text.length)
      return whole(
        run.steps.map((step) =>
          step.taken ? { ...step, taken: false, because: 'too little to say so' } : step,
        ),
      )
    return {
      content,
      handle,
      kind,
      tokensBefore,
      tokensAfter,
      strategies: taken.map(({ strategy }) => strategy),
      lossless: taken.every((step) => step.lossless),
      steps: run.steps,
      leftOut: run.doc.leftOut,
      ...(run.verdict && { verdict: run.verdict, gone: run.gone ?? [] }),
    }
  } catch {
    return whole([])
  }
}

/** Where a text is on its way, and how it came there. */
interface Run {
  readonly doc: Doc
  readonly steps: readonly Step[]
  readonly verdict?: Verdict
  readonly gone?: Compression['gone']
}

/**
 * Lossy steps work on plain lines and are judged on them, so what writes lines in another form comes last, and is done again after each.
 */
async function shortened(whole: Doc, target: number, options: CompressOptions): Promise<Run> {
  const context: Context = {
    count: options.count,
    earlier: options.earlier ?? [],
    query: options.query ?? '',
    path: options.path ?? '',
    ...(options.parse && { parse: options.parse }),
    ...(options.near && { near: options.near }),
  }
  const fits = ({ doc }: Run) => context.count(headed(doc)) <= target
  const named = STRATEGIES.filter(
    ({ strategy, kinds }) =>
      (options.strategies === undefined || options.strategies.includes(strategy.name)) &&
      (kinds === undefined || kinds.includes(whole.kind)),
  )
  const of = (stage: 'clean' | 'encode' | 'leave') =>
    named.filter((row) => row.stage === stage).map(({ strategy }) => strategy)
  const clean = await taken({ doc: whole, steps: [] }, of('clean'), target, context)
  let written = await taken(clean, of('encode'), target, context)
  let plain = clean
  let verdict: Verdict | undefined
  for (const strategy of of('leave')) {
    if (fits(written)) break
    const left = await judged(strategy, plain, clean.doc, target, context, options.judge)
    if (left.step === undefined) continue
    plain = { doc: left.doc, steps: [...plain.steps, left.step] }
    written = left.step.taken
      ? await taken(plain, of('encode'), target, context)
      : { ...written, steps: [...written.steps, left.step] }
    if (left.step.taken) verdict = left.verdict
  }
  return { ...written, ...(verdict && { verdict, gone: goneFrom(whole, plain.doc) }) }
}

/** One strategy after the other, each kept only if it holds and saves, until there are few enough tokens. */
async function taken(
  run: Run,
  strategies: readonly Strategy[],
  target: number,
  context: Context,
): Promise<Run> {
  let { doc } = run
  const steps = [...run.steps]
  let tokens = context.count(headed(doc))
  for (const strategy of strategies) {
    if (tokens <= target) break
    const after = await tried(strategy, doc, target, context)
    if (after === doc) continue
    const tokensAfter = typeof after === 'string' ? tokens : context.count(headed(after))
    const because =
      typeof after === 'string' ? after : tokensAfter < tokens ? 'nothing is lost' : 'no fewer tokens'
    const stands = typeof after !== 'string' && tokensAfter < tokens
    steps.push({
      strategy: strategy.name,
      lossless: strategy.lossless,
      exactness: strategy.exactness,
      tokensBefore: tokens,
      tokensAfter,
      taken: stands,
      because,
    })
    if (stands) [doc, tokens] = [after, tokensAfter]
  }
  return { doc, steps }
}
