import { Argument, InvalidArgumentError, Option } from 'commander'
import { json, type Noun, wholeNumber } from './row.ts'

const MIN_WINDOW = 1_000

/** `mycelium budget …`. */
export const BUDGET: Noun = {
  word: 'budget',
  summary: 'how many tokens each file may take of the window',
  about: `A budget in tokens for each file of a repository, from its importance, complexity and size against the window of the agent. With \
budget.enabled the first read of a file over its budget is answered by an outline, with how to get the rest; asked again, all of it is given. \
docs/budgets.md says how budgets are reckoned and what is enforced where.`,
  examples: [
    ['mycelium budget files', 'what would be shown in part'],
    ['mycelium budget files --explain src/cli.ts', 'why that file has the budget it has'],
    ['mycelium budget files --write', 'keep it for the hook'],
    ['mycelium config set budget.enabled=true', 'and let the hook act by it'],
  ],
  verbs: [
    {
      word: 'files',
      summary: 'the budget of each file, and why',
      about: `Lists the files over their budget, those first of which most would be left out. Nothing is changed but by --write, which keeps the \
budgets for the hook that \`mycelium init --hooks\` installs; budgets kept before stay while scores move little.`,
      parts: [
        new Argument('[path]', 'directory of the repository; the current one by default'),
        new Option('--window <tokens>', "the agent's window; budget.window_tokens by default").argParser(
          tokens,
        ),
        new Option('--explain <file>', 'one file: what its budget is made of'),
        new Option('--all', 'also files that are given whole'),
        new Option('--write', 'keep the budgets for the hook'),
        json(),
      ],
      run: async (io, [path], options) =>
        (await import('../commands/budget.ts')).runBudgetFiles(io, path, options),
    },
  ],
}

function tokens(text: string): number {
  const number = wholeNumber(text)
  if (number < MIN_WINDOW) throw new InvalidArgumentError(`It must be at least ${MIN_WINDOW}.`)
  return number
}
