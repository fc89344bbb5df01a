import { describe, expect, it } from 'vitest'
import { shownTokens } from '../../src/core/tokens/shown.ts'
import { verifies } from '../requirements.ts'

describe('what a client shows of a long result', () => {
  it('is all of it where it is short, or the client is not known to cut', () => {
    for (const client of ['claude-code', 'codex', 'opencode', 'gemini-cli', ''])
      expect(shownTokens(client, 'x'.repeat(4_000), 1_000)).toBe(1_000)
    expect(shownTokens('gemini-cli', 'x'.repeat(4_000_000), 1_000_000)).toBe(1_000_000)
    expect(shownTokens('codex', '', 0)).toBe(0)
  })

  it('ends where the client cuts: nobody saves what would not have been shown', () => {
    verifies('SAVE-1')
    expect(shownTokens('codex', 'x'.repeat(400_000), 100_000)).toBe(10_000)
    expect(shownTokens('claude-code', 'x'.repeat(45_000), 30_000)).toBe(25_000)
    expect(shownTokens('claude-code', 'x'.repeat(200_000), 50_000)).toBe(500)
    expect(shownTokens('opencode', 'x'.repeat(102_400), 20_000)).toBe(10_000)
    expect(shownTokens('opencode', 'y\n'.repeat(20_000), 20_000)).toBe(2_000)
  })
})
