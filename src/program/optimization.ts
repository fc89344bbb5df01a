import { Argument } from 'commander'
import { json, type Noun } from './row.ts'

/** `mycelium optimization …`. */
export const OPTIMIZATION: Noun = {
  word: 'optimization',
  summary: 'fewer tokens, nothing lost: differences between texts',
  about: `Differences between two texts as agents are sent them in the place of what they hold already. docs/diffs.md says what a patch looks \
like, what it saves and when the full text is sent.`,
  examples: [
    ['mycelium optimization diff before.md after.md', 'what changed, exactly'],
    ['mycelium optimization apply before.md patch', 'the text after it, byte for byte'],
  ],
  verbs: [
    {
      word: 'diff',
      summary: 'the patch from one file to another',
      about: `Prints what leads from BASE to NEXT: sections added, removed, moved or renamed, lines that changed, changes inside long lines. Where that \
would be no shorter than NEXT itself, all of NEXT is printed behind a line that says so.`,
      parts: [new Argument('<base>', 'the file before'), new Argument('<next>', 'the file after'), json()],
      run: async (io, [base, next], options) =>
        (await import('../commands/optimization-diff.ts')).runDiff(io, base, next, options),
    },
    {
      word: 'apply',
      summary: 'the file that a patch makes of another',
      about: `Prints the file that the patch was made for, byte for byte. A file that is not the one the patch was made from is refused, and so is a \
patch that is damaged: the result is held against its hash before anything is printed.`,
      parts: [
        new Argument('<base>', 'the file that the patch was made from'),
        new Argument('<patch>', 'what `mycelium optimization diff` printed'),
        json(),
      ],
      run: async (io, [base, patch], options) =>
        (await import('../commands/optimization-diff.ts')).runApply(io, base, patch, options),
    },
  ],
}
