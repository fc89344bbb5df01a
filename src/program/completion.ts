import { Argument, type Command } from 'commander'
import type { CommandWords, Filler } from '../core/report/completion/tree.ts'
import type { Leaf } from './row.ts'

/** What operands stand for, by their name in the tree. */
const FILLERS: Readonly<Record<string, Filler>> = {
  'server name': 'servers',
  'server names': 'servers',
  'config key': 'settings',
  'config keys': 'settings',
  'config assignments': 'assignments',
}

/** Values of options whose error says more than that they are invalid; pairs with core/usage/transcripts/readers.ts. */
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  'usage import --client': ['claude-code', 'codex', 'gemini-cli', 'opencode'],
}

/** `mycelium completion SHELL`. */
export const COMPLETION: Leaf = {
  word: 'completion',
  summary: 'print the completion script of a shell',
  about: `Prints a script that completes commands, options, settings and servers. bash: put \`eval "$(mycelium completion bash)"\` in ~/.bashrc. \
zsh: \`eval "$(mycelium completion zsh)"\` in ~/.zshrc, after compinit. fish: mycelium completion fish > \
~/.config/fish/completions/mycelium.fish.`,
  parts: [new Argument('<shell>', 'for which shell').choices(['bash', 'zsh', 'fish'])],
  run: async (io, [shell], _, command) =>
    (await import('../commands/completion.ts')).runCompletion(io, shell, wordsOf(command.parent!)),
}

function wordsOf(command: Command): CommandWords {
  const noun = command.parent?.name() ?? ''
  const options = command.createHelp().visibleOptions(command)
  return {
    word: command.name(),
    summary: command.summary(),
    options: options.map((option) => ({
      names: [option.short, option.long].filter((name) => name !== undefined && name !== null),
      takesValue: option.required || option.optional,
      values: option.argChoices ?? CHOICES[`${noun} ${command.name()} ${option.long}`] ?? [],
      summary: option.description,
    })),
    operands: command.registeredArguments.map(
      (operand) => operand.argChoices ?? FILLERS[`${noun} ${operand.name()}`] ?? [],
    ),
    commands: command.commands.map(wordsOf),
  }
}
