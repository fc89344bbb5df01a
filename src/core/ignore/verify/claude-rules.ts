import { join } from 'node:path'
import ignore from 'ignore'
import { RULE_PLACES, rulesIn } from '../../clients/rule-edit.ts'
import { readConfig } from '../../config/config-text.ts'
import { MyceliumError } from '../../errors.ts'
import { patternOfRule } from '../dialects/claude-rules.ts'

/** Files in which Claude Code looks for deny rules of a project. */
const PROJECT_SETTINGS = ['.claude/settings.json', '.claude/settings.local.json']

/** Whether deny rules that Claude Code reads name a path, as it compares them: by the `ignore` package, below the project. */
export function deniedByRules(project: string, path: string): boolean {
  const patterns = PROJECT_SETTINGS.flatMap((file) => rulesOf(join(project, file))).flatMap(
    (rule) => patternOfRule(rule) ?? [],
  )
  return ignore().add(patterns).ignores(path)
}

function rulesOf(file: string): readonly string[] {
  try {
    const text = readConfig(file)?.text
    return text === undefined ? [] : rulesIn(text, RULE_PLACES.deny, file)
  } catch (error) {
    // Claude Code does not read what is broken either.
    if (error instanceof MyceliumError) return []
    throw error
  }
}
