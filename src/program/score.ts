import { Argument, Option } from 'commander'
import { SCORE_ORDERS } from '../core/report/score-report.ts'
import { json, type Noun, repeated, wholeNumber } from './row.ts'

/** `mycelium score`. */
export const SCORE: Noun = {
  word: 'score',
  summary: 'which files of a repository matter, and how complex they are',
  about: `Scores the files of a repository, best first: cyclomatic and cognitive complexity of each function by its syntax tree, tokens, and how \
likely each file is to be needed next, from imports, complexity and the history in git, with weights fitted to that history. What was read once is \
remembered by its content. docs/scores.md says how each figure is reckoned, and how well it does.`,
  examples: [
    ['mycelium score', 'the files of this directory that matter most'],
    ['mycelium score --by complexity --functions', 'the most complex functions'],
    ['mycelium score --focus src/api --json', 'for work on src/api, as JSON'],
    ['mycelium score --task "retry failed uploads"', 'for a task in words'],
    ['mycelium score --explain src/cli.ts', 'why that file is where it is'],
    ['mycelium score evaluate', 'how well the ranking foretells the commits of this repository'],
  ],
  alone: {
    parts: [
      new Argument('[path]', 'directory or file; the current directory when left out'),
      new Option('--by <order>', 'what comes first').choices(SCORE_ORDERS).default('importance'),
      new Option('--functions', 'each function, with its complexity'),
      repeated('--focus <path>', 'what the work at hand is about; may be given more than once'),
      new Option('--task <text>', 'the work at hand in words'),
      new Option('--explain <file>', 'what the importance of one file is made of').conflicts([
        'csv',
        'functions',
      ]),
      new Option('--limit <count>', 'rows of the table').argParser(wholeNumber).default(30),
      json().conflicts(['csv']),
      new Option('--csv', 'print CSV on stdout'),
    ],
    run: async (io, [path], options) => (await import('../commands/score.ts')).runScore(io, path, options),
  },
  verbs: [
    {
      word: 'evaluate',
      summary: 'how well the ranking foretells what the next commits edit',
      about: `Replays the newest commits of the repository: the share of files that each edits and that a ranking made before it keeps within 10, 25 \
and 50 percent of the tokens, beside ranking by size, complexity, recency or the words of the commit message alone, with 95 percent intervals.`,
      parts: [new Argument('[path]', 'directory; the current one when left out'), json()],
      run: async (io, [path], options) =>
        (await import('../commands/score-evaluate.ts')).runScoreEvaluate(io, path, options),
    },
  ],
}
