import { mkdirSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { failureNotePath } from '../../src/core/config/paths.ts'
import { failureNote } from '../../src/core/daemon/start.ts'
import { sandbox } from '../fixtures/configs/sandbox.ts'
import { verifies } from '../requirements.ts'

describe('the note of a start that failed', () => {
  it('gives its reason, and says so where it holds none', () => {
    verifies('CLI-3')
    const { paths } = sandbox()
    expect(failureNote(paths)).toBe(undefined)
    mkdirSync(paths.run, { recursive: true })
    writeFileSync(failureNotePath(paths), 'the disk is full\n')
    expect(failureNote(paths)).toBe('the disk is full')
    for (const nothing of ['', '\n']) {
      writeFileSync(failureNotePath(paths), nothing)
      expect(failureNote(paths)).toBe('no reason was noted')
    }
  })
})
