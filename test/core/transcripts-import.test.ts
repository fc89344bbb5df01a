import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { builtCli } from '../fixtures/built-cli.ts'
import { answer, sessionPath, use } from '../fixtures/transcripts/claude.ts'
import { lines, type TranscriptHome, transcriptHome } from '../fixtures/transcripts/home.ts'
import { verifies } from '../requirements.ts'

const FILES = 12
let home: TranscriptHome

beforeEach(() => {
  builtCli()
  home = transcriptHome()
  for (let n = 0; n < FILES; n++) {
    const session = `s${n}`
    const records = Array.from({ length: 40 * (n + 1) }, (_, i) =>
      answer(`msg_01000000${n}-${i}`, i, use(`t${n}-${i}`), { session, second: i }),
    )
    // The same response in each file, as forks have it.
    home.write(
      sessionPath(session),
      lines(answer('msg_0100000000000000', 5, undefined, { session }), ...records),
    )
  }
})
afterEach(() => home.close())

/** What the sink is told, in order. */
async function told(options: { threads: number; signal?: AbortSignal }): Promise<string[]> {
  const events: string[] = []
  await home.import({
    known: new Map(),
    sink: (kind, event) => void events.push(JSON.stringify([kind, event])),
    ...options,
  })
  return events
}

describe('an import', () => {
  it('tells the same in the same order whether threads read or not', async () => {
    verifies('USE-1')
    const alone = await told({ threads: 1 })
    expect(alone.length).toBeGreaterThan(FILES * 40)
    expect(await told({ threads: 3 })).toEqual(alone)
  })

  it('waits for a sink that takes its time', async () => {
    let [inside, most, taken] = [0, 0, 0]
    await home.import({
      threads: 2,
      sink: async () => {
        most = Math.max(most, ++inside)
        await new Promise((resolve) => setImmediate(resolve))
        inside--
        taken++
      },
    })
    expect(most).toBe(1)
    expect(taken).toBeGreaterThan(FILES * 40)
  })

  it.each([1, 2])('that is interrupted with %i threads skips nothing the next time', async (threads) => {
    verifies('USE-1')
    const whole = new Set(await told({ threads: 1 }))
    const abort = new AbortController()
    const events: string[] = []
    const { kept } = home
    const sink = (kind: string, event: object): void => {
      events.push(JSON.stringify([kind, event]))
      if (kind === 'progress') kept.progress.set((event as { path: string }).path, event as never)
      if (events.length === 1000) abort.abort()
    }
    await home.import({ threads, sink: sink as never, signal: abort.signal })
    expect(kept.progress.size).toBeLessThan(FILES)
    await home.import({ threads, sink: sink as never })
    expect(kept.progress.size).toBe(FILES)
    expect(new Set(events)).toEqual(whole)
  })

  it('says how far it is, up to all of it', async () => {
    const seen: { bytesDone: number; bytesTotal: number; filesDone: number; files: number }[] = []
    const report = await home.import({ onProgress: (progress) => seen.push(progress) })
    expect(seen.at(-1)).toEqual({
      bytesDone: report.bytes,
      bytesTotal: report.bytes,
      filesDone: FILES,
      files: FILES,
    })
    expect(seen.map(({ bytesDone }) => bytesDone)).toEqual(
      seen.map(({ bytesDone }) => bytesDone).sort((a, b) => a - b),
    )
  })
})
