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
    ['mycelium optimization compress build.log', 'in fewer tokens, with what was done on stderr'],
    ['mycelium optimization compress - --target 30%', 'to a third, where that can be done'],
    [
      'mycelium optimization compress session.jsonl --turns --target 30%',
      'a conversation, for another agent',
    ],
    ['mycelium optimization inspect my:0123456789', 'what was left out, and why'],
    ['mycelium optimization expand my:0123456789 --lines 40-60', 'these lines of the original'],
    ['mycelium optimization validate --session-id=current', 'whether anything that matters was lost'],
    ['mycelium optimization diff before.md after.md', 'what changed, exactly'],
  ],
  verbs: [
    {
      word: 'compress',
      summary: 'write a text in fewer tokens',
      about: `Prints the text in fewer tokens, or as it is where nothing would be saved; what was done goes to stderr. The text is kept and its handle \
stands in the first line. With --turns the file is a conversation, for another agent to go on with: a JSON array or lines of messages as OpenAI, Anthropic and \
MCP write them, or a transcript of Claude Code or Codex. What tools gave and what the agent said is shortened, each text by its own handle; what people said stays.`,
      parts: [
        new Argument('<file>', 'file of UTF-8 text; - for standard input'),
        new Option(
          '--target <tokens|percent>',
          'tokens that are few enough, or their share: 2000, 40%; 50% by default',
        ).argParser(target),
        repeated('--strategy <name>', 'only this one; may be given more than once'),
        new Option('--query <text>', 'what is looked for in it: what is near to it in meaning stays'),
        repeated('--pin <text>', 'stays as it is; may be given more than once'),
        new Option(
          '--pin-lines <a-b>',
          'these lines stay as they are; may be given more than once',
        ).argParser((text, before: readonly Lines[] = []) => [...before, lines(text)]),
        new Option('--kind <kind>', 'what it is; found out by default'),
        new Option('--no-judge', 'leave nothing out: only ways that lose nothing'),
        new Option(
          '--turns',
          'it is a conversation: older turns harder than newer, superseded results first',
        ),
        new Option('--sent <file>', 'with --turns: what was handed on of it before stays as it was').implies({
          turns: true,
        }),
        new Option('--rewrite', 'with --sent: write that anew too, where its cache is lost anyway').implies({
          turns: true,
        }),
        json(),
      ],
      run: async (io, [file], options) =>
        options.turns
          ? (await import('../commands/optimization-turns.ts')).runTurns(io, file, options)
          : (await import('../commands/optimization.ts')).runCompress(io, file, options),
    },
    {
      word: 'validate',
      summary: 'judge what a session got shortened',
      about: `Holds each shortened result of a session against its original: meaning, coverage and facts, each loss with the line of the original, and \
what shortening came to, with sign. Ends with 1 when a result is below the gate.`,
      parts: [
        new Option(
          '--session-id <id>',
          "a client's session, or current: the one of this agent, else the last in this directory",
        ).makeOptionMandatory(),
        json(),
      ],
      run: async (io, _, options) =>
        (await import('../commands/optimization-validate.ts')).runValidate(io, options),
    },
    {
      word: 'rate',
      summary: 'judge pairs yourself, blind, and hold the gate against it',
      about: `Shows originals beside what may stand for them: what an agent got, or the same with one statement turned round, in random order. Answers are \
kept; only then does the gate judge, and how far both agree is told, with Cohen's kappa. With --json the pairs are listed, and --answers takes lines of ID y, ID n \
or ID s.`,
      parts: [
        new Option('--session-id <id>', 'only what this session got'),
        new Option('--limit <n>', 'pairs at most').argParser(pairCount).default(10),
        new Option('--answers <file>', 'answers by id, instead of a terminal; - for standard input'),
        new Option('--report', 'only how far both agree until now'),
        json(),
      ],
      run: async (io, _, options) => (await import('../commands/optimization-rate.ts')).runRate(io, options),
    },
    {
      word: 'report',
      summary: 'what shortening was worth, with sign',
      about: `Tokens and US dollars that were kept from contexts, no more than clients would have shown, less what was asked for after all and less \
mycelium's own definitions; beside sessions that were left as they are, where token_optimization.holdout asks for some.`,
      parts: [new Option('--since <when>', 'only sessions seen since then: 30d, 24h or a date'), json()],
      run: async (io, _, options) =>
        (await import('../commands/optimization-validate.ts')).runSavings(io, options),
    },
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
      about: `Prints the file that the patch was made for, byte for byte. Of a file in which some of the changes were made already the others are made; of \
one that differs otherwise nothing is, unless --full has the whole file. A patch that is damaged is refused: the result is held against its hash before \
anything is printed.`,
      parts: [
        new Argument('<base>', 'the file that the patch was made from'),
        new Argument('<patch>', 'what `mycelium optimization diff` printed'),
        new Option(
          '--full <file>',
          'printed where the patch does not fit, if it is the file that it was made for',
        ),
        json(),
      ],
      run: async (io, [base, patch], options) =>
        (await import('../commands/optimization-diff.ts')).runApply(io, base, patch, options),
    },
  ],
}

function handle(): Argument {
  return new Argument('<handle>', 'as it stands in the mark: my:0123456789')
}

function pairCount(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a number of pairs, 1 to 9999.')
}

/** A number of tokens, or a share of them. */
function target(text: string): { readonly tokens: number } | { readonly share: number } {
  const percent = /^(\d{1,3}(?:\.\d+)?)\s?%$/.exec(text)?.[1]
  if (percent !== undefined && Number(percent) <= 100) return { share: Number(percent) / 100 }
  if (/^\d{1,9}$/.test(text)) return { tokens: Number(text) }
  throw new InvalidArgumentError('It must be a number of tokens, or a share such as 40%.')
}

interface Lines {
  readonly from: number
  readonly to: number
}

function lines(text: string): Lines {
  const [, from, to = from] = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(text) ?? []
  if (from === undefined || Number(from) < 1 || Number(to) < Number(from))
    throw new InvalidArgumentError('It must be a line or a range of them, counted from 1: 40 or 40-60.')
  return { from: Number(from), to: Number(to) }
}
