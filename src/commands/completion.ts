import { rowOf, SETTING_KEYS } from '../core/config/settings-table.ts'
import { bashCompletion } from '../core/report/completion/bash.ts'
import { fishCompletion } from '../core/report/completion/fish.ts'
import type { CommandWords, Completion, SettingWords } from '../core/report/completion/tree.ts'
import { zshCompletion } from '../core/report/completion/zsh.ts'
import type { Io } from '../core/report/io.ts'

/** A shell whose completion we write. */
export type Shell = 'bash' | 'zsh' | 'fish'

const SCRIPTS: Readonly<Record<Shell, (words: Completion) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
}

/** `mycelium completion SHELL`. */
export async function runCompletion(io: Io, shell: Shell, program: CommandWords): Promise<void> {
  io.write(SCRIPTS[shell]({ program, settings: SETTING_KEYS.map(settingWords) }))
}

function settingWords(key: (typeof SETTING_KEYS)[number]): SettingWords {
  const row = rowOf(key)
  if (row.type === 'boolean') return { key, values: ['true', 'false'] }
  return { key, values: row.type === 'choice' ? row.choices : [] }
}
