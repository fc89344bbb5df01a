import { Argument, InvalidArgumentError, Option } from 'commander'
import { json, type Noun } from './row.ts'

const commands = () => import('../commands/envelope.ts')

/** `mycelium envelope …`. */
export const ENVELOPE: Noun = {
  word: 'envelope',
  summary: 'how much memory each server needs, from what it was seen to use',
  about: `Fits a soft and a hard memory limit and a guarantee to each server from the samples in the event store: the highest peaks that are \
remembered, a margin from how far the server once went beyond them, and all within envelope.ceiling. With envelope.enabled the daemon holds servers \
to them: by control groups where the system has any for you, else by looking and acting. docs/envelopes.md says how each figure is reckoned, and how well it does.`,
  examples: [
    ['mycelium envelope tune --dry-run', 'what the limits would be, and why'],
    ['mycelium envelope tune', 'keep them'],
    ['mycelium envelope show', 'what was kept, and what holds servers to it'],
    ['mycelium config set envelope.enabled=true', 'have the daemon hold servers to them'],
    ['mycelium envelope apply', 'have it take up the limits that were kept last, now'],
    ['mycelium envelope evaluate --trace memory.csv', 'how such limits would have done on a recording'],
  ],
  verbs: [
    {
      word: 'show',
      summary: 'show the limits that were kept',
      parts: [json()],
      run: async (io, _, options) => (await commands()).runEnvelopeShow(io, options),
    },
    {
      word: 'tune',
      summary: 'fit the limits to what servers were seen to use, and keep them',
      about: `Reads the samples of the last week. A kept limit is raised at once, but lowered only by more than 10 percent and not within ten minutes \
of its last change. With envelope.enabled the daemon takes the new limits up.`,
      parts: [new Option('--dry-run', 'show what would be kept and keep nothing'), json()],
      run: async (io, _, options) => (await commands()).runEnvelopeTune(io, options),
    },
    {
      word: 'apply',
      summary: 'have the daemon hold servers to the kept limits, now',
      about: `Shows for each server its limits, how many processes they were applied to, what holds them, and what was refused and why. Without \
envelope.enabled nothing is held, and this fails.`,
      parts: [
        new Argument('[name...]', 'servers to show; all without'),
        new Option('--dry-run', 'show what would be held to what, and change nothing'),
        json(),
      ],
      run: async (io, [names], options) =>
        (await import('../commands/envelope-apply.ts')).runEnvelopeApply(io, names, options),
    },
    {
      word: 'reset',
      summary: 'forget what is known of a server',
      about: 'Its limit goes, and the next tune looks at no sample from before the reset.',
      parts: [new Argument('<name>', 'the server'), json()],
      run: async (io, [name], options) => (await commands()).runEnvelopeReset(io, name, options),
    },
    {
      word: 'evaluate',
      summary: 'replay a recording of memory against these limits and against fixed ones',
      about: `Replays samples in the order of time: each is held against the limit that those before it set, and may borrow what \
others do not use, up to twice its limit. Lines are server,time,MB with or without \
a header; time is a date, or a number of seconds, or of milliseconds where the numbers are as large as today's. The first fifth of each server's time \
is for learning, the rest is judged.`,
      parts: [
        new Option('--trace <file>', 'the recording, as CSV').makeOptionMandatory(),
        new Option('--unit <unit>', 'what numbers of time count, where their size does not tell').choices([
          's',
          'ms',
        ]),
        new Option(
          '--ceiling <MB>',
          'what all may have together; without, what the fixed limits of the comparison come to',
        ).argParser(megabytes),
        json(),
      ],
      run: async (io, _, options) =>
        (await import('../commands/envelope-evaluate.ts')).runEnvelopeEvaluate(io, options),
    },
  ],
}

function megabytes(text: string): number {
  const mb = Number(text)
  if (text.trim() !== '' && mb > 0 && Number.isFinite(mb)) return mb
  throw new InvalidArgumentError('It must be a number above 0.')
}
