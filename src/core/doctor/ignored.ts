import { readJournal } from '../clients/journal.ts'
import { RULE_PLACES, rulesIn } from '../clients/rule-edit.ts'
import { readConfig } from '../config/config-text.ts'
import { MyceliumError } from '../errors.ts'
import type { Finding, Look } from './finding.ts'

const WRITE = 'mycelium ignore write'

/** Files that hide others: whether what we wrote is still in them. */
export function checkIgnored({ paths }: Look): readonly Finding[] {
  return readJournal(paths).files.flatMap(({ file, ignore }): readonly Finding[] => {
    if (ignore === undefined || ignore.lines.length === 0) return []
    const text = textOf(file)
    if (text === undefined) return []
    const there = new Set(ignore.shape === 'block' ? text.split(/\r?\n/) : rulesOf(text, ignore.shape, file))
    const lost = ignore.lines.filter((line) => !there.has(line)).length
    if (lost === 0) return []
    const message = `${lost} of ${ignore.lines.length} lines that hide files are not in it any more`
    return [
      {
        id: 'ignore-rules-lost',
        severity: 'warning',
        subject: file,
        message,
        fix: `cd ${ignore.project} && ${WRITE}`,
      },
    ]
  })
}

function textOf(file: string): string | undefined {
  try {
    return readConfig(file)?.text
  } catch (error) {
    if (error instanceof MyceliumError) return undefined
    throw error
  }
}

function rulesOf(text: string, shape: keyof typeof RULE_PLACES, file: string): readonly string[] {
  try {
    return rulesIn(text, RULE_PLACES[shape], file)
  } catch (error) {
    if (error instanceof MyceliumError) return []
    throw error
  }
}
