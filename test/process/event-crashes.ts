import { rmSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'vitest'
import { seededRandom } from '../../src/core/bench/statistics.ts'
import type { Paths } from '../../src/core/config/paths.ts'
import { takeInEvents } from '../../src/core/events/store.ts'
import { expectSumsOfCalls, rows } from './event-books.ts'
import { startTalker } from './programs.ts'

/** The programs that are killed, compiled. */
export interface Programs {
  readonly writer: string
  readonly ingest: string
}

/**
 * One run: writers and ingestions that are killed at random moments, then a last ingestion in peace. Every event that a writer promised to
 * keep must be there once, none twice, and all sums right.
 */
export async function surviveKills(
  paths: Paths,
  programs: Programs,
  { writers, ingests, seed }: { writers: number; ingests: number; seed: number },
): Promise<void> {
  const random = seededRandom(seed)
  const promised = new Map<string, number>()
  const write = async (i: number) => {
    const name = `w${i}`
    const options = {
      dir: paths.events,
      name,
      fsync: random() < 0.5 ? 'batch' : 'never',
      fsyncMs: 5 + random() * 50,
      segmentBytes: 20_000 + random() * 400_000,
    }
    const talker = startTalker(programs.writer, [JSON.stringify(options)])
    await talker.heard('ready')
    talker.send('run')
    await pause(random() * 400)
    talker.child.kill('SIGKILL')
    await talker.ended
    promised.set(name, Math.max(0, ...talker.messages.map(({ kept }) => Number(kept ?? 0))))
  }
  const ingest = async () => {
    const talker = startTalker(programs.ingest, [paths.root])
    await talker.heard('ready')
    await pause(random() * 500)
    talker.child.kill('SIGKILL')
    await talker.ended
  }
  const inTurn = async (count: number, run: (i: number) => Promise<void>) => {
    for (let i = 0; i < count; i++) await run(i)
  }
  await Promise.all([inTurn(writers, write), inTurn(ingests, ingest)])
  await takeInEvents(paths)
  for (const [name, count, distinct, last] of (await rows(
    paths,
    `SELECT split_part(tool_use, '-', 1), count(*)::INTEGER, count(DISTINCT tool_use)::INTEGER,
       max(split_part(tool_use, '-', 2)::INTEGER) FROM calls GROUP BY 1`,
  )) as [string, number, number, number][]) {
    expect(count, `${name}: none twice`).toBe(distinct)
    // Without a gap: what was written after the last promise may be there too.
    expect(last, `${name}: none missing`).toBe(count - 1)
    expect(count, `${name}: every promised one`).toBeGreaterThanOrEqual(promised.get(name)!)
    promised.delete(name)
  }
  expect([...promised].filter(([, count]) => count > 0)).toEqual([])
  await expectSumsOfCalls(paths)
  rmSync(paths.root, { recursive: true, force: true })
}
