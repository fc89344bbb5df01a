import { setTimeout as pause } from 'node:timers/promises'
import { readConfig, requireWritable } from '../config/config-text.ts'
import { writeFileAtomic } from '../config/write-file.ts'
import { MyceliumError } from '../errors.ts'

/** Enough to get between the writes of a program that writes every few hundredths of a second; some seconds in all. */
const ATTEMPTS = 40
const MAX_PAUSE_MS = 50

/**
 * Reads a config, computes its new text, and writes it only if nobody wrote meanwhile; otherwise starts over with what they wrote.
 * Returns whether the file changed. Throws what `compute` throws, config_changed after the last attempt, and what reading and writing throw.
 */
export async function changeFile(
  file: string,
  compute: (text: string) => string,
): Promise<'changed' | 'same' | 'missing'> {
  for (let attempt = 1; ; attempt += 1) {
    const before = readConfig(file)
    if (before === undefined) return 'missing'
    try {
      const text = compute(before.text)
      if (text === before.text) return 'same'
      requireWritable(file)
      writeFileAtomic(file, text, 0o600, before.bytes)
      return 'changed'
    } catch (error) {
      // An invalid text may be one that another program is only half through writing.
      const passing =
        error instanceof MyceliumError && ['config_changed', 'config_invalid'].includes(error.code)
      if (!passing || attempt === ATTEMPTS) throw error
    }
    // Random, so that two programs in step fall out of it.
    await pause(Math.random() * MAX_PAUSE_MS)
  }
}
