import { leaveOut, runsOf } from '../doc.ts'
import { leaving } from './strategy.ts'

/** A frame of a stack trace: JavaScript, Java, C#, Python, Ruby, Go, Rust. */
const FRAME =
  /^\s*(at .+|File ".+", line \d+.*|from .+:\d+:in .*|\d+: +(0x[0-9a-f]+ - )?[\w<:]+.*|❯ .+:\d+:\d+.*|[\w./-]+\.go:\d+.*)$/
const LIBRARY =
  /node_modules\/|\bnode:|\(internal\/|site-packages\/|dist-packages\/|\/lib\/python\d|<frozen |\bat (java|javax|jdk|sun|scala|kotlin|org\.(junit|gradle|apache|springframework|hibernate)|System|Microsoft)\.|\/rustc\/|\.cargo\/registry\/|\b(std|core|alloc)::|\/usr\/(local\/)?(go|lib|share)\/|\/gems\/|\bat (new )?(Promise|Generator|Array|processTicksAndRejections)\b/

/** Frames of libraries are counted; those of one's own stay, and of each run of the others the first. */
export const LIBRARY_FRAMES = leaving('frames', (doc) => {
  const texts = doc.lines.map(({ text }) => text)
  const goes = texts.map(() => false)
  for (let i = 1; i < texts.length; i++) {
    if (!isLibrary(texts[i]!)) continue
    let end = i + 1
    // Python shows the line, and where in it, under each frame.
    while (
      /^\s*File "/.test(texts[i]!) &&
      end < texts.length &&
      /^\s{4,}\S/.test(texts[end]!) &&
      !FRAME.test(texts[end]!)
    )
      end++
    const isFirst = !goes[i - 1] && !isLibrary(texts[i - 1]!)
    if (!isFirst) for (let at = i; at < end; at++) goes[at] = true
    i = end - 1
  }
  return leaveOut(
    doc,
    runsOf(
      goes,
      2,
      (from, to) => `${texts.slice(from, to + 1).filter(isLibrary).length} frames of libraries`,
    ),
  )
})

function isLibrary(text: string): boolean {
  return FRAME.test(text) && LIBRARY.test(text)
}
