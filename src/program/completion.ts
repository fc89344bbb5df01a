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
  const noun = command.parent === null ? '' : command.name()
  const options = command.createHelp().visibleOptions(command)
  return {
    word: command.name(),
    summary: command.summary(),
    options: options.map((option) => ({
      names: [option.short, option.long].filter((name) => name !== undefined && name !== null),
      takesValue: option.required || option.optional,
      summary: option.description,
    })),
    operands: command.registeredArguments.map(
      (operand) => operand.argChoices ?? FILLERS[`${command.parent?.name() ?? noun} ${operand.name()}`] ?? [],
    ),
    commands: command.commands.map(wordsOf),
  }
}
