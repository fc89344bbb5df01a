import { headed } from './head.ts'
import { goneFrom, putBack } from './put-back.ts'
import type { Context, Doc, Step, Strategy } from './strategy.ts'
import { tried as attempt } from './tried.ts'
import type { Judge, Verdict } from './verdict-type.ts'

/** So often what the judge misses is put back, and the rest judged again. */
const MAX_ROUNDS = 2

/** What became of a step that leaves something out. */
interface Outcome {
  readonly doc: Doc
  /** Undefined where the strategy had nothing to do. */
  readonly step?: Step
  readonly verdict?: Verdict
}

/**
 * One step that leaves something out: it stands only if the judge passes the text with all that was left out so far against `whole`, the text
 * with nothing left out, both in plain lines. Lines that the judge misses are put back first; else the document is the one before.
 */
export async function judged(
  strategy: Strategy,
  { doc }: { readonly doc: Doc },
  whole: Doc,
  target: number,
  context: Context,
  judge: Judge | undefined,
): Promise<Outcome> {
  const tokensBefore = context.count(headed(doc))
  const step = (taken: boolean, because: string, tokensAfter = tokensBefore): Step => ({
    strategy: strategy.name,
    lossless: false,
    exactness: strategy.exactness,
    tokensBefore,
    tokensAfter,
    taken,
    because,
  })
  if (judge === undefined) return { doc, step: step(false, 'nothing judges here, so nothing is left out') }
  const after = await attempt(strategy, doc, target, context)
  if (after === doc) return { doc }
  if (typeof after === 'string') return { doc, step: step(false, after) }
  const tokensAfter = context.count(headed(after))
  if (tokensAfter >= tokensBefore) return { doc, step: step(false, 'no fewer tokens', tokensAfter) }
  try {
    let [tried, tokens] = [after, tokensAfter]
    for (let round = 0; ; round++) {
      const said = await judge(whole.text, tried.plain ?? tried.text, {
        leftOut: inLinesOf(whole, tried),
        gone: goneFrom(whole, tried),
      })
      const lost = said.lost.map((one) => ({ ...one, line: lineOf(whole, one.line) }))
      const verdict = { ...said, lost }
      if (verdict.pass) return { doc: tried, step: step(true, passed(verdict), tokens), verdict }
      const because = `taken back: ${failed(verdict)}`
      const mended = round < MAX_ROUNDS ? putBack(whole, tried, new Set(lost.map(({ line }) => line))) : tried
      if (mended === tried) return { doc, step: step(false, because, tokens), verdict }
      ;[tried, tokens] = [mended, context.count(headed(mended))]
      if (tokens >= tokensBefore) return { doc, step: step(false, because, tokens), verdict }
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { doc, step: step(false, `taken back: the judge failed: ${message}`, tokensAfter) }
  }
}

function passed({ tier, similarity, facts }: Verdict): string {
  return `passed by ${tier}: similarity ${similarity.toFixed(3)}, ${facts.kept} facts kept`
}

function failed({ similarity, lost }: Verdict): string {
  const [first] = lost
  if (first === undefined) return `similarity ${similarity.toFixed(3)}`
  return `${lost.length} lost, first ${first.kind} "${first.text.slice(0, 60)}" of line ${first.line}`
}

/** What is left out, in lines of the text that the judge is given; the original's lines are other ones where it was cleaned. */
function inLinesOf(whole: Doc, { leftOut }: Doc): { from: number; to: number }[] {
  return leftOut.flatMap(({ from, to }) => {
    const first = whole.lines.findIndex((line) => line.to >= from)
    const last = whole.lines.findLastIndex((line) => line.from <= to)
    return first < 0 || last < first ? [] : [{ from: first + 1, to: last + 1 }]
  })
}

function lineOf(whole: Doc, line: number): number {
  return whole.lines[line - 1]?.from ?? line
}
