import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { variableOf } from '../../src/core/config/layers.ts'
import { readJson } from '../../src/core/config/setting-value.ts'
import { canonicalKey, isSection, rowOf, SETTING_KEYS } from '../../src/core/config/settings-table.ts'
import { verifies } from '../requirements.ts'

const src = fileURLToPath(new URL('../../src', import.meta.url))
/** Where settings are declared, described and offered, and so named without being read. */
const TABLES = /core\/config\/(settings-table|token-rows|limit-rows|setting-row)\.ts$|^program\//
/** All limits are read by their section: core/pool/limits.ts. */
const SECTION_READERS = ['limits.']

const code = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !TABLES.test(path))
  .map((path) => readFileSync(join(src, path), 'utf8').replace(/\/\*[\s\S]*?\*\//g, ''))
  .join('\n')

describe('each setting', () => {
  it('is read by the sources, or says that it has no effect', () => {
    verifies('CLI-1')
    const isRead = (key: string) =>
      code.includes(`'${key}'`) || SECTION_READERS.some((section) => key.startsWith(section))
    // Read it, or add `inert: true` to its row; a row whose key is read now loses `inert`.
    expect(SETTING_KEYS.filter((key) => isRead(key) === (rowOf(key).inert === true))).toEqual([])
  })

  it.each(SETTING_KEYS)('%s has a plain name, a sentence and a default that it accepts', (key) => {
    const row = rowOf(key)
    expect(key).toMatch(/^[a-z][a-z0-9]*(_[a-z0-9]+)*(\.[a-z][a-z0-9]*(_[a-z0-9]+)*)+$/)
    expect(row.sentence).toMatch(/^[A-Z].*\.$/)
    expect(readJson(row, row.default)).toEqual({ value: row.default })
    expect(isSection(key)).toBe(false)
    expect(canonicalKey(key)).toBe(key)
  })

  it('has a variable of its own', () => {
    expect(new Set(SETTING_KEYS.map(variableOf)).size).toBe(SETTING_KEYS.length)
    expect(variableOf('token_optimization.enabled')).toBe('MYCELIUM_TOKEN_OPTIMIZATION__ENABLED')
  })

  it('that switches on what may change an answer is off', () => {
    verifies('CLI-1')
    const on = SETTING_KEYS.filter((key) => key.endsWith('.enabled') && rowOf(key).default === true)
    // Nothing is ignored before the user writes it.
    expect(on).toEqual([
      'pools.warm_spares.enabled',
      'pools.grow.enabled',
      'events.enabled',
      'hooks.enabled',
      'ignore.enabled',
    ])
  })
})
