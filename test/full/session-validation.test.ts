import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { latestSession, sessionResults } from '../../src/core/effects/session-results.ts'
import { askStore } from '../../src/core/events/store.ts'
import { builtCli, ended } from '../fixtures/built-cli.ts'
import { type DaemonHome, daemonHome } from '../fixtures/daemon-home.ts'
import type { RawAgent } from '../fixtures/raw-agent.ts'
import { verifies } from '../requirements.ts'

// A session with a real daemon, and what is said of it afterwards.

const ROWS = Array.from({ length: 60 }, (_, i) => ({ id: i + 1, name: `issue ${i}`, open: i % 7 > 0 }))
const PRETTY = JSON.stringify(ROWS, null, 2)
const CHANGED = PRETTY.replace('issue 5"', 'issue five"')

let home: DaemonHome
let agent: RawAgent
const optimization = (args: readonly string[], { cwd = home.dir, env = {} } = {}) =>
  ended(
    process.execPath,
    [builtCli(), 'optimization', ...args],
    { ...home.env, MYCELIUM_HOME: home.paths.root, ...env },
    cwd,
  )
const validated = async (...args: string[]) => {
  const { code, stdout } = await optimization(['validate', '--json', ...args])
  return { code, ...JSON.parse(stdout) }
}

beforeAll(async () => {
  home = daemonHome()
  writeFileSync(
    home.paths.settings,
    JSON.stringify({
      token_optimization: { enabled: true },
      diff: { enabled: true },
      limits: { shorten_ms: 20_000 },
    }),
  )
  home.define({ name: 'probe', mode: 'shared' })
}, 120_000)
afterAll(() => home.close())

describe('before anything was recorded', () => {
  it('says so, and names what lists sessions', async () => {
    verifies('VALID-2')
    for (const name of ['current', 'nobody']) {
      const { code, stdout, stderr } = await optimization(['validate', `--session-id=${name}`])
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toContain('next: mycelium usage sessions')
    }
    expect(await optimization(['report', '--json'])).toMatchObject({ code: 0, stdout: 'null\n' })
    expect((await optimization(['report', '--since', 'soon'])).code).toBe(2)
    const nothing = await optimization(['rate'])
    expect({ code: nothing.code, said: nothing.stderr }).toEqual({
      code: 1,
      said: expect.stringContaining('nothing to rate'),
    })
  })
})

describe('a session whose results lost nothing', () => {
  beforeAll(async () => {
    agent = await home.agent('probe', { env: { ...home.env, CLAUDE_CODE_SESSION_ID: 'the-session' } })
    await agent.initialize()
    for (const text of [PRETTY, PRETTY, CHANGED]) {
      const sent = await agent.call('echo', { text })
      expect(sent.length).toBeLessThan(text.length / 2)
    }
  }, 60_000)

  it('passes, with what was sent again as unchanged, and says what it came to', async () => {
    verifies('VALID-2', 'SAVE-1')
    const answer = await validated('--session-id=the-session')
    expect(answer).toMatchObject({
      ...{ code: 0, session: 'the-session', pass: true, results: 3, judged: 3, unavailable: 0, failed: 0 },
      ...{ similarity: { mean: 1, min: 1 }, informationLoss: 0, quality: 1, losslessShare: 1, losses: [] },
    })
    expect(answer.facts.kept).toBeGreaterThan(100)
    const { before, kept, saved } = answer.savings.tokens
    expect(kept).toBeGreaterThan(before / 2)
    expect(saved).toMatchObject({ value: kept, low: null, n: 1 })
    const text = await optimization(['report'])
    expect(text.stdout).toMatch(/^results +3 shortened in 1 session/)
  })

  it('is the current one in its directory and for its agent anywhere, and in no other place', async () => {
    verifies('VALID-2')
    const codes = await Promise.all(
      [
        { cwd: home.paths.root },
        { cwd: '/tmp' },
        { cwd: '/tmp', env: { CLAUDE_CODE_SESSION_ID: 'the-session' } },
      ].map(async (where) => (await optimization(['validate', '--session-id=current'], where)).code),
    )
    expect(codes).toEqual([0, 1, 0])
  })

  it('fails where an agent got another number than the original has, and names its line', async () => {
    verifies('VALID-2', 'VALID-3')
    const noted = notes(home.paths.originals)
    for (const [file, note] of noted)
      writeFileSync(
        file,
        JSON.stringify({ ...note, content: String(note.content).replace('7,issue 6', '7,issue 9') }),
      )
    const answer = await validated('--session-id=the-session')
    expect(answer).toMatchObject({ code: 1, pass: false })
    expect(answer.failed).toBeGreaterThan(0)
    expect(answer.losses).toContainEqual(
      expect.objectContaining({
        server: 'probe',
        tool: 'echo',
        kind: 'number',
        handle: expect.stringMatching(/^my:/),
      }),
    )
    const [loss] = answer.losses
    const line = `${loss.line}-${loss.line}`
    expect((await optimization(['expand', loss.handle, '--lines', line])).code).toBe(0)
    for (const [file, note] of noted) writeFileSync(file, JSON.stringify(note))
  })

  it('is rated by a person, blind, and how far the gate agrees is said', async () => {
    verifies('VALID-2')
    expect(await optimization(['rate'])).toMatchObject({ code: 1, stdout: '' })
    const { pairs } = JSON.parse((await optimization(['rate', '--json'])).stdout)
    expect(pairs.map((pair: object) => Object.keys(pair))).toEqual(
      pairs.map(() => ['id', 'original', 'candidate']),
    )
    expect(pairs).toHaveLength(2)
    const isSent = ({ candidate }: { candidate: string }) =>
      notes(home.paths.originals).some(([, { content }]) => content === candidate)
    const answers = pairs.map(
      (pair: { id: string; candidate: string }) => `${pair.id} ${isSent(pair) ? 'y' : 'n'}`,
    )
    const file = join(home.dir, 'answers')
    writeFileSync(file, `${answers.join('\n')}\n`)
    const agreement = JSON.parse((await optimization(['rate', '--answers', file, '--json'])).stdout)
    expect(agreement).toMatchObject({ n: 2, share: 1, onlyPerson: 0, onlyGate: 0 })
    expect((await optimization(['rate', '--report'])).stdout).toContain('100.0 % with the gate')
    // Rated pairs are not asked for again.
    expect(await optimization(['rate', '--answers', file])).toMatchObject({ code: 1, stdout: '' })
    writeFileSync(file, 'perhaps\n')
    const wrong = await optimization(['rate', '--answers', file])
    expect(wrong.stderr).toContain('answers:1: not of the form')
  })

  it('cannot be judged without its originals, and does not pass', async () => {
    verifies('VALID-2')
    for (const file of files(home.paths.originals)) writeFileSync(file, 'damaged')
    const answer = await validated('--session-id=the-session')
    expect(answer).toMatchObject({
      code: 1,
      pass: false,
      judged: 0,
      unavailable: 3,
      similarity: null,
      quality: null,
    })
    const { stdout } = await optimization(['validate', '--session-id=the-session'])
    expect(stdout).toContain('3 originals not kept any more')
  })

  it('of an agent that tells no session is found by its process, and by its connection', async () => {
    verifies('VALID-2')
    const other = await home.agent('probe', { client: 'codex', cwd: '/' })
    await other.initialize()
    await other.call('echo', { text: PRETTY })
    await home.ask('flush')
    const [named, connection] = await askStore(home.paths, async ({ database: { connection: open } }) => {
      const rows = await open.runAndReadAll(
        "SELECT client_session, session FROM compressions WHERE client = 'codex'",
      )
      const [row] = rows.getRowsJson() as [string, string][]
      expect(await latestSession(open, ['/'])).toBe(row![0])
      expect(await sessionResults(open, row![0])).toHaveLength(1)
      return row!
    })
    expect(named).toBe(`codex-${process.ppid}`)
    expect((await validated(`--session-id=${connection}`)).session).toBe(named)
  })
})

function files(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true }).flatMap((one) =>
    one.isFile() ? [join(one.parentPath, one.name)] : [],
  )
}

function notes(dir: string): [string, Record<string, unknown>][] {
  return files(dir)
    .filter((file) => /\/[0-9a-f]{10}\.json$/.test(file))
    .map((file) => [file, JSON.parse(readFileSync(file, 'utf8'))])
}
