import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { runIgnoreWrite } from '../../src/commands/ignore.ts'
import { runIgnoreVerify } from '../../src/commands/ignore-verify.ts'
import { builtCli } from '../fixtures/built-cli.ts'
import { capturedIo } from '../fixtures/captured-io.ts'
import { rankedFile } from '../fixtures/ranked-files.ts'
import { realClient } from '../fixtures/real-clients.ts'
import { verifies } from '../requirements.ts'

let claude: string
let home: string
let project: string
beforeAll(() => {
  claude = realClient('claude')
  builtCli()
}, 600_000)
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'my-')))
  project = join(home, 'work')
  mkdirSync(join(project, '.git'), { recursive: true })
  mkdirSync(join(home, '.claude'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

interface Row {
  readonly client: string
  readonly tool: string
  readonly result: string
}

it('the real Claude Code reads nothing that is hidden, by no tool, and everything else', async () => {
  verifies('IGNORE-1')
  const files = [
    rankedFile('src/main.ts', { importance: 0.9, commitsAgo: 0 }),
    rankedFile('old/a.ts', { importance: 0 }),
    rankedFile('old/b.ts', { importance: 0 }),
  ]
  for (const { path } of files) {
    mkdirSync(dirname(join(project, path)), { recursive: true })
    writeFileSync(join(project, path), `text of ${path}\n`)
  }
  const env = { HOME: home, PATH: `${dirname(claude)}:${process.env.PATH}` }
  const written = capturedIo(env, project)
  const rank = async () => ({ files, commits: [] })
  expect(await runIgnoreWrite(written.io, undefined, { yes: true, keep: 40 }, rank)).toBe(0)
  const verify = async () => {
    const { io, said } = capturedIo(env, project)
    const code = await runIgnoreVerify(io, undefined, { live: true, json: true })
    const { rows } = JSON.parse(said()) as { rows: readonly Row[] }
    return { code, rows: rows.filter(({ client }) => client.includes('live')) }
  }
  const { code, rows } = await verify()
  expect(rows.filter(({ result }) => result !== 'unreadable')).toEqual([])
  expect(rows.map(({ tool }) => tool)).toEqual(
    expect.arrayContaining([
      'Read',
      'Grep',
      'Bash cat',
      'Bash head <',
      'Bash grep -rn',
      'Bash python -c',
      'Bash node -e',
    ]),
  )
  expect(code).toBe(0)

  // Without rules and hook the same attempts succeed: it was they.
  writeFileSync(join(home, '.claude/settings.json'), '{}')
  writeFileSync(join(project, '.claude/settings.local.json'), '{}')
  const open = await verify()
  expect(open.code).toBe(1)
  const readable = open.rows.filter(({ result }) => result === 'READABLE').map(({ tool }) => tool)
  expect(readable).toEqual(expect.arrayContaining(['Read', 'Bash cat', 'Bash grep -rn', 'Bash python -c']))
}, 300_000)
