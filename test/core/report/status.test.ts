import { describe, expect, it } from 'vitest'
import type { Overview, OverviewServer } from '../../../src/core/daemon/wire-overview.ts'
import { statusSums } from '../../../src/core/effects/status-sums.ts'
import { frameLines, sparkline } from '../../../src/core/live/frame.ts'
import { ageText, memoryText, timeText } from '../../../src/core/report/amounts.ts'
import { plainPaint } from '../../../src/core/report/paint.ts'
import { statusText } from '../../../src/core/report/status-report.ts'
import { cellWidth } from '../../../src/core/report/table.ts'
import { verifies } from '../../requirements.ts'

const MB = 1024

function server(given: Partial<OverviewServer>): OverviewServer {
  return {
    id: 'github',
    name: 'github',
    mode: 'shared',
    why: '',
    paused: false,
    state: 'warm',
    sessions: 0,
    processes: 0,
    inFlight: 0,
    waiting: 0,
    memory: { rssKb: 0, pssKb: 0, ownKb: 0, measured: 0 },
    totals: {
      warmGreetings: 0,
      coldGreetings: 0,
      warmGreetingMs: 0,
      starts: 0,
      readyMs: [],
      calls: 0,
      failedCalls: 0,
    },
    ...given,
  }
}

function overview(...servers: OverviewServer[]): Overview {
  return {
    daemon: {
      pid: 7,
      version: '0.1.0',
      node: 'v20',
      root: '/r',
      socket: '/r/d.sock',
      uptimeMs: 3_723_000,
      rssMb: 40,
      draining: false,
      sessions: 0,
      upstreams: 0,
      watcherPid: null,
    },
    daemonMemory: { rssKb: 40 * MB, pssKb: 20 * MB, ownKb: 15 * MB, measured: 1 },
    launchers: { count: 0, measured: 0, pssKb: 0 },
    clients: {},
    servers,
  }
}

const memory = (mb: number, ownMb: number, measured: number) => ({
  rssKb: mb * MB,
  pssKb: mb * MB,
  ownKb: ownMb * MB,
  measured,
})

describe('memory against direct start', () => {
  it('lies between a copy of what one wrote and a whole copy for each session', () => {
    verifies('CLI-2')
    const sums = statusSums(overview(server({ sessions: 8, processes: 1, memory: memory(40, 30, 1) })))
    expect(sums.memory).toMatchObject({
      usedKb: 60 * MB,
      directKb: { low: (40 + 7 * 30) * MB, high: 8 * 40 * MB },
      savedKb: { low: 190 * MB, high: 260 * MB },
    })
  })

  it('is a loss where spares and daemon cost more than sharing saves', () => {
    verifies('CLI-2')
    const { savedKb } = statusSums(
      overview(server({ sessions: 1, processes: 2, memory: memory(80, 60, 2) })),
    ).memory
    expect(savedKb).toEqual({ low: (40 - 100) * MB, high: (80 - 30 - 100) * MB })
  })

  it('counts processes that were not looked at like those that were, and says what was not measured at all', () => {
    const sums = statusSums(
      overview(
        server({ sessions: 4, processes: 4, memory: memory(80, 60, 2) }),
        server({ id: 'cold', sessions: 3 }),
      ),
    )
    expect(sums.memory).toMatchObject({ serversKb: 160 * MB, unmeasuredSessions: 3 })
    expect(statusSums(overview(server({ sessions: 3 }))).memory).toMatchObject({
      directKb: null,
      savedKb: null,
    })
  })
})

it('time saved is a loss where greeting took longer than a start, and unknown without a start', () => {
  verifies('CLI-2')
  const totals = { ...server({}).totals, warmGreetings: 2, warmGreetingMs: 500 }
  const saved = (readyMs: readonly number[]) =>
    statusSums(overview(server({ totals: { ...totals, readyMs } }))).savedMs
  expect(saved([100, 200, 300])).toMatchObject({ value: -100, low: null, n: 2, note: 'too few starts: 3' })
  expect(saved([1, 2, 3, 4, 5, 6])).toMatchObject({ value: -493, low: -498, high: -488, note: '' })
  expect(saved([])).toMatchObject({ value: null, note: 'no start was measured' })
})

it('amounts read well at every size', () => {
  expect([0, 100, 5_000, 45 * MB, -3 * MB, 2_000 * MB].map(memoryText)).toEqual([
    '0 MB',
    '0.1 MB',
    '4.9 MB',
    '45 MB',
    '-3.0 MB',
    '2.0 GB',
  ])
  expect([0, 3.44, -416, 1_234, 45_000, 7_500_000].map(timeText)).toEqual([
    '0 ms',
    '3.4 ms',
    '-416 ms',
    '1.2 s',
    '45 s',
    '2 h 5 min',
  ])
  expect([0, 61_000, 3_600_000, 100 * 3_600_000].map(ageText)).toEqual(['0 s', '1 min', '1 h', '4 d 4 h'])
})

describe('on a screen', () => {
  const many = overview(
    ...Array.from({ length: 40 }, (_, i) =>
      server({ id: `server-${i} 測試`, sessions: i, processes: 1, memory: memory(40 + i, 30, 1) }),
    ),
  )
  const look = { overview: many, trouble: '', callRates: [0, 1, 4, 8] }

  it.each([20, 40, 60, 80, 200])(
    'of %i columns the live view is never wider, nor higher than 24 lines',
    (width) => {
      verifies('CLI-2')
      const lines = frameLines(look, { width, height: 24, paint: plainPaint })
      expect(lines.length).toBeLessThanOrEqual(23)
      if (width >= 40) expect(lines.filter((line) => cellWidth(line) > width)).toEqual([])
      expect(lines.join('\n')).toContain('and ')
    },
  )

  it('a name that plays with the terminal is shown, not sent', () => {
    const nasty = overview(server({ id: 'a\u001b[2Jb' }))
    const text = statusText(nasty, statusSums(nasty), { width: 80, paint: plainPaint })
    expect(text).toContain('a\\u001b[2Jb')
  })

  it('rates are blocks, the highest full, the latest last', () => {
    expect(sparkline([0, 1, 4, 8], 10)).toBe('▁▂▅█')
    expect(sparkline([8, 0, 0], 2)).toBe('▁▁')
    expect(sparkline([], 5)).toBe('')
  })
})
