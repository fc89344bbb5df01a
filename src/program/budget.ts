import { Argument, InvalidArgumentError, Option } from 'commander'
import { json, type Noun, repeated, wholeNumber } from './row.ts'

const MIN_WINDOW = 1_000

/** `mycelium budget …`. */
export const BUDGET: Noun = {
  word: 'budget',
  summary: 'how many tokens each file and each agent may take',
  about: `A budget in tokens for each file of a repository, from its importance, complexity and size against the window of the agent. With \
budget.enabled the first read of a file over its budget is answered by an outline, with how to get the rest; asked again, all of it is given. \
docs/budgets.md says how budgets are reckoned and what is enforced where. A budget for each agent of a workflow: docs/agents.md.`,
  examples: [
    ['mycelium budget files', 'what would be shown in part'],
    ['mycelium budget files --explain src/cli.ts', 'why that file has the budget it has'],
    ['mycelium budget files --write', 'keep it for the hook'],
    ['mycelium config set budget.enabled=true', 'and let the hook act by it'],
    ['mycelium budget agents --total 300000', 'share that among the agents that are defined here'],
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
    {
      word: 'agents',
      summary: 'the budget of each agent of a workflow, and why',
      about: `Shares a number of tokens among agents so that it is worth most: what each is likely to need comes from its definition, its task and \
sessions on record, or from the workflow. Says for each grant what keeps it from being larger, and proves that no other grants are worth more; where not all \
can have their min, says which contradict each other, and what to put off, to cut or to add. With --write and agent_budgets.enabled the hook holds agents to it.`,
      parts: [
        new Option(
          '--workflow <file>',
          'JSON file of agents and bounds (docs/agents.md); else all agents of one client',
        ),
        new Option(
          '--total <tokens>',
          "of all agents; the workflow's, else agent_budgets.total_tokens by default",
        ).argParser(total),
        new Option('--client <id>', 'whose agents; claude-code by default, where it has any'),
        repeated('--defer <name>', 'put this agent off, and those that need it (may be repeated)'),
        new Option('--actual', 'what agents took against what they were granted'),
        new Option('--write', 'keep the budgets for the hook'),
        json(),
      ],
      examples: [
        ['mycelium budget agents --workflow review.json', 'who gets what, and why'],
        ['mycelium budget agents --workflow review.json --write', 'keep it for the hook'],
        ['mycelium budget agents --actual', 'how far off the budgets were'],
      ],
      run: async (io, _operands, options) =>
        (await import('../commands/budget-agents.ts')).runBudgetAgents(io, options),
    },
  ],
}

function tokens(text: string): number {
  const number = wholeNumber(text)
  if (number < MIN_WINDOW) throw new InvalidArgumentError(`It must be at least ${MIN_WINDOW}.`)
  return number
}

function total(text: string): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) === 0)
    throw new InvalidArgumentError('It must be a whole number of tokens, from 1 to 999999999.')
  return Number(text)
}
