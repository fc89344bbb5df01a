import { Argument, Option } from 'commander'
import { json, type Noun } from './row.ts'

/** `mycelium optimization …`. */
export const OPTIMIZATION: Noun = {
  word: 'optimization',
  summary: 'what compression does to a text',
  about: `Looks at compressed texts: what they still say of the original, and what they do not. docs/verdict.md says how a verdict is reached.`,
  examples: [
    ['mycelium optimization judge original.txt compressed.txt', 'whether the second may stand for the first'],
  ],
  verbs: [
    {
      word: 'judge',
      summary: 'whether a compressed text may stand for its original',
      about: `Compares two texts in meaning, coverage and facts, and lists what is lost with its line in the original. Exit code 1 when the \
compressed text does not pass. The model runs on this machine, in a process that ends with the command; without it, nothing passes but another \
notation of the same.`,
      parts: [
        new Argument('<original>', 'file with the text as it was; - is standard input'),
        new Argument('<compressed>', 'file with what stands for it; - is standard input'),
        new Option('--tier <name>', 'judge with this one only').choices(['native', 'wasm', 'static', 'none']),
        json(),
      ],
      run: async (io, [original, compressed], options) =>
        (await import('../commands/optimization-judge.ts')).runJudge(io, original, compressed, options),
    },
  ],
}
