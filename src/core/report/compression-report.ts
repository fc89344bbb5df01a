import type { Compression, LeftOut, Step } from '../compress/strategy.ts'
import { printable } from './printable.ts'
import { table } from './table.ts'

/** What a compression did, for stderr: sums, then the steps. */
export function compressionText(done: Compression, width: number): string {
  return `${summary(done)}\n${stepsText(done.steps, width)}`
}

/** An original with a mark before each line that was left out, after what was done to it. */
export function inspectionText(
  handle: string,
  original: string,
  done: Compression | undefined,
  width: number,
): string {
  if (done === undefined) return `${handle}: kept, but nothing is on record of what became of it.\n`
  const isOut = new Set(done.leftOut.flatMap(({ from, to }) => numbers(from, to)))
  const lines = original.split('\n')
  if (lines.at(-1) === '') lines.pop()
  const digits = String(lines.length).length
  const before = lines.map(
    (line, i) => `${isOut.has(i + 1) ? '-' : ' '} ${String(i + 1).padStart(digits)}  ${printable(line)}\n`,
  )
  const after = done.content.split('\n').map((line) => `  ${printable(line)}`.trimEnd())
  return `${handle}: ${summary(done)}
${stepsText(done.steps, width)}${leftOutText(done.leftOut)}
Before, ${done.tokensBefore} tokens (-: left out):
${before.join('')}
After, ${done.tokensAfter} tokens:
${after.join('\n').trimEnd()}
`
}

function summary({ kind, tokensBefore, tokensAfter, handle, lossless, leftOut }: Compression): string {
  if (handle === undefined) return `${kind}, ${tokensBefore} tokens: left as it is`
  const saved = 1 - tokensAfter / tokensBefore
  const loss = lossless ? 'nothing is lost' : `${leftOut.length} passages left out`
  return `${kind}, ${tokensBefore} -> ${tokensAfter} tokens (-${Math.round(saved * 100)} %), ${loss}, original ${handle}`
}

function stepsText(steps: readonly Step[], width: number): string {
  if (steps.length === 0) return ''
  return table(
    [
      { title: 'STEP' },
      { title: 'KEEPS' },
      { title: 'BEFORE', align: 'right' },
      { title: 'AFTER', align: 'right' },
      { title: 'TAKEN' },
      { title: 'BECAUSE', shrinks: true },
    ],
    steps.map(({ strategy, exactness, tokensBefore, tokensAfter, taken, because }) => [
      strategy,
      exactness,
      String(tokensBefore),
      String(tokensAfter),
      taken ? 'yes' : 'no',
      printable(because),
    ]),
    width,
  )
}

function leftOutText(leftOut: readonly LeftOut[]): string {
  return leftOut
    .map(
      ({ from, to, what }) =>
        `left out ${from === to ? `line ${from}` : `lines ${from}-${to}`}: ${printable(what)}\n`,
    )
    .join('')
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i)
}
