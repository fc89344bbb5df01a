import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { type Paths, pathsOf } from '../../src/core/config/paths.ts'
import type { EventOf } from '../../src/core/events/event.ts'
import { takeInEvents } from '../../src/core/events/store.ts'
import { recentFiles } from '../../src/core/usage/recent-files.ts'
import { builtCli, ended } from '../fixtures/built-cli.ts'
import { segmentWriter } from '../fixtures/events.ts'
import { commitAll, layFiles } from '../fixtures/scored-repository.ts'
import { verifies } from '../requirements.ts'
import { shortDirectory } from './programs.ts'

const NOW_MS = 1_790_000_000_000
const DAY_MS = 86_400_000

interface Use {
  readonly project: string
  readonly file: string
  readonly daysAgo?: number
  readonly session?: string
  readonly client?: string
}

const recorded = (...uses: readonly Use[]): Promise<Paths> => recordedBefore(NOW_MS, uses)

async function recordedBefore(nowMs: number, uses: readonly Use[]): Promise<Paths> {
  const paths = pathsOf(shortDirectory())
  const writer = segmentWriter(paths.events)
  for (const [i, { project, file, daysAgo = 0, session = 'one', client = 'claude-code' }] of uses.entries())
    writer.append('toolUse', {
      at: (nowMs - daysAgo * DAY_MS) * 1000,
      client,
      clientSession: session,
      project,
      agent: '',
      agentType: '',
      model: 'm',
      message: `m${i}`,
      toolUse: `t${i}`,
      server: '',
      tool: 'Read',
      bytesIn: 1,
      bytesOut: 1,
      failed: false,
      durationUs: -1,
      file,
    } satisfies EventOf<'toolUse'>)
  await writer.close()
  await takeInEvents(paths)
  return paths
}

it('files of a directory are those that sessions in it, above it or below it used', async () => {
  verifies('SCORE-1')
  const paths = await recorded(
    { project: '/w/repo', file: 'src/a.ts' },
    { project: '/w/repo', file: '..two/b' },
    { project: '/w', file: 'repo/c.ts', session: 'above' },
    { project: '/w', file: 'other/d.ts', session: 'above' },
    { project: '/w/repo/pkg', file: 'e.ts', session: 'below' },
    { project: '/w/repository', file: 'f.ts', session: 'namesake' },
    { project: '/elsewhere', file: 'g.ts', session: 'other' },
    { project: '/w/repo', file: '', session: 'none' },
    { project: '/w/repo/pkg', file: '', session: 'none' },
    { project: '', file: 'w/repo/h.ts', session: 'nowhere' },
  )
  const { weights, sessions } = await recentFiles(paths, '/w/repo', NOW_MS)
  expect(Object.fromEntries(weights)).toEqual({ 'src/a.ts': 1, '..two/b': 1, 'c.ts': 1, 'pkg/e.ts': 1 })
  expect(sessions.map((files) => files.toSorted()).sort()).toEqual([
    ['..two/b', 'src/a.ts'],
    ['c.ts'],
    ['pkg/e.ts'],
  ])
})

it('count half after three days, by their last use, and nothing after thirty', async () => {
  const paths = await recorded(
    { project: '/r', file: 'now' },
    { project: '/r', file: 'old', daysAgo: 3 },
    { project: '/r', file: 'older', daysAgo: 6 },
    { project: '/r', file: 'again', daysAgo: 20, session: 'first' },
    { project: '/r', file: 'again', daysAgo: 3, session: 'second' },
    { project: '/r', file: 'gone', daysAgo: 31 },
    // A clock that was ahead.
    { project: '/r', file: 'ahead', daysAgo: -2 },
  )
  const { weights } = await recentFiles(paths, '/r', NOW_MS)
  const rounded = Object.fromEntries(
    [...weights].map(([path, weight]) => [path, Math.round(weight * 1e6) / 1e6]),
  )
  expect(rounded).toEqual({ now: 1, ahead: 1, old: 0.5, again: 0.5, older: 0.25 })
})

it('sessions come newest first, told apart by client, at most fifty', async () => {
  const paths = await recorded(
    ...Array.from({ length: 60 }, (_, i) => ({
      project: '/r',
      file: `f${i}`,
      session: `s${i}`,
      daysAgo: i / 10,
    })),
    { project: '/r', file: 'theirs', session: 's1', daysAgo: 0.05, client: 'codex' },
  )
  const { sessions, weights } = await recentFiles(paths, '/r', NOW_MS)
  expect(sessions.slice(0, 3)).toEqual([['f0'], ['theirs'], ['f1']])
  expect(sessions).toHaveLength(50)
  expect(weights.size).toBe(61)
})

it('there are none where nothing is recorded or can be read', async () => {
  const none = { weights: new Map(), sessions: [] }
  const paths = pathsOf(shortDirectory())
  expect(await recentFiles(paths, '/r', NOW_MS)).toEqual(none)
  mkdirSync(dirname(paths.database), { recursive: true })
  writeFileSync(paths.database, 'no database at all, but long enough to be looked at as one'.repeat(200))
  expect(await recentFiles(paths, '/r', NOW_MS)).toEqual(none)
})

it('what agents used moves up in the ranking of the command, by whatever name its directory is called', async () => {
  verifies('SCORE-1')
  const bin = builtCli()
  const repo = realpathSync(shortDirectory())
  const link = join(realpathSync(shortDirectory()), 'link')
  symlinkSync(repo, link)
  layFiles(repo, { 'a.py': 'def a(x):\n    return x\n', 'b.py': 'def b(x):\n    return x\n' })
  commitAll(repo, repo)
  const importanceOf = async (paths: Paths) => {
    const env = { HOME: repo, PATH: process.env.PATH, MYCELIUM_HOME: paths.root }
    const run = await ended(process.execPath, [bin, 'score', link, '--json'], env)
    expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 0, stderr: '' })
    return JSON.parse(run.stdout).files.find(({ path }: { path: string }) => path === 'b.py').importance
  }
  const used = await recordedBefore(Date.now(), [{ project: repo, file: 'b.py' }])
  expect(await importanceOf(used)).toBeGreaterThan(await importanceOf(pathsOf(shortDirectory())))
})
