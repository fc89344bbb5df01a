import { Argument, InvalidArgumentError, Option } from 'commander'
import { json, type Noun, repeated } from './row.ts'

/** `mycelium optimization …`. */
export const OPTIMIZATION: Noun = {
  word: 'optimization',
  summary: 'shorten texts for agents, and get the originals back',
  about: `Writes a tool result, a log or a file in fewer tokens: first in ways that lose nothing, then, where a judge passes it, in ways that leave \
parts out under marks that name their lines. Each original is kept under a handle, for originals.retain and up to originals.max_bytes. \
docs/compression.md says what each strategy does and what it loses.`,
  examples: [
    ['git log | mycelium optimization compress -', 'in fewer tokens, with what was done on stderr'],
    ['mycelium optimization compress build.log --target 30%', 'to a third, where that can be done'],
    ['mycelium optimization inspect my:0123456789', 'what was left out, and why'],
    ['mycelium optimization expand my:0123456789 --lines 40-60', 'these lines of the original'],
  ],
  verbs: [
    {
      word: 'compress',
      summary: 'write a text in fewer tokens',
      about: `Prints the text in fewer tokens, or as it is where nothing would be saved; what was done goes to stderr. The text is kept and its handle \
stands in the first line.`,
      parts: [
        new Argument('<file>', 'file of UTF-8 text; - for standard input'),
        new Option(
          '--target <tokens|percent>',
          'tokens that are few enough, or their share: 2000, 40%; 50% by default',
        ).argParser(target),
        repeated('--strategy <name>', 'only this one; may be given more than once'),
        new Option('--query <text>', 'what is looked for in it'),
        new Option('--kind <kind>', 'what it is; found out by default'),
        json(),
      ],
      run: async (io, [file], options) =>
        (await import('../commands/optimization.ts')).runCompress(io, file, options),
    },
    {
      word: 'inspect',
      summary: 'what was left out of a text, and why',
      about:
        'Shows a text that was shortened beside its original: each line that was left out, the steps, what each saved, and why others were not taken.',
      parts: [handle(), json()],
      run: async (io, [of], options) =>
        (await import('../commands/optimization.ts')).runInspect(io, of, options),
    },
    {
      word: 'expand',
      summary: 'print an original',
      about: 'Prints the original of a handle, byte for byte, or some lines of it.',
      parts: [handle(), new Option('--lines <a-b>', 'only these, counted from 1').argParser(lines), json()],
      run: async (io, [of], options) =>
        (await import('../commands/optimization.ts')).runExpand(io, of, options),
    },
  ],
}

function handle(): Argument {
  return new Argument('<handle>', 'as it stands in the mark: my:0123456789')
}

/** A number of tokens, or a share of them. */
function target(text: string): { readonly tokens: number } | { readonly share: number } {
  const percent = /^(\d{1,3}(?:\.\d+)?)\s?%$/.exec(text)?.[1]
  if (percent !== undefined && Number(percent) <= 100) return { share: Number(percent) / 100 }
  if (/^\d{1,9}$/.test(text)) return { tokens: Number(text) }
  throw new InvalidArgumentError('It must be a number of tokens, or a share such as 40%.')
}

function lines(text: string): { readonly from: number; readonly to: number } {
  const [, from, to = from] = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(text) ?? []
  if (from === undefined || Number(from) < 1 || Number(to) < Number(from))
    throw new InvalidArgumentError('It must be a line or a range of them, counted from 1: 40 or 40-60.')
  return { from: Number(from), to: Number(to) }
}
