/** What an operand of a command may be. */
export type Filler = 'servers' | 'settings' | 'assignments' | readonly string[]

/** One command, for completion. */
export interface CommandWords {
  readonly word: string
  readonly summary: string
  /** Long and short, as typed; those that take a value are followed by it. */
  readonly options: readonly {
    readonly names: readonly string[]
    readonly takesValue: boolean
    /** Where the values are few. */
    readonly values: readonly string[]
    readonly summary: string
  }[]
  /** In order; the last one holds for all further operands. */
  readonly operands: readonly Filler[]
  readonly commands: readonly CommandWords[]
}

/** One setting, for completion of `key=value`. */
export interface SettingWords {
  readonly key: string
  /** Where the values are few. */
  readonly values: readonly string[]
}

/** What every shell's script is made of. */
export interface Completion {
  readonly program: CommandWords
  readonly settings: readonly SettingWords[]
}

/** Every command with the words that lead to it, the program itself first. */
export function allCommands(
  program: CommandWords,
): readonly { readonly path: string; readonly command: CommandWords }[] {
  const below = (command: CommandWords, path: string): { path: string; command: CommandWords }[] => [
    { path, command },
    ...command.commands.flatMap((child) => below(child, `${path} ${child.word}`.trim())),
  ]
  return below(program, '')
}

/** Prints the launchers' names, which are the servers' ids: a completion must not wait for Node. */
export const LIST_SERVERS = `ls "\${MYCELIUM_HOME:-$HOME/.mycelium}/launchers" 2>/dev/null`
