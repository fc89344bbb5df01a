// A conversation of three turns (analyse, follow up, generate) with real servers through a real daemon, once with shortening off and once with it on, in a home of its
// own that is removed at the end. In a clone, after `npm start`: node docs/examples/three-turns.mjs [--json]
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { Tokenizer } from 'ai-tokenizer'
import * as claude from 'ai-tokenizer/encoding/claude'

const root = fileURLToPath(new URL('../..', import.meta.url))
const home = realpathSync(mkdtempSync(join(tmpdir(), 'turns-')))
const project = join(home, 'project')
const env = { HOME: home, PATH: process.env.PATH, LANG: 'C' }
const tokenizer = new Tokenizer(claude)
const count = (text) => tokenizer.count(text)
/** Tokens that the three stages share. */
const TOTAL = 30_000

const run = promisify(execFile)
async function mycelium(...args) {
  const options = { env, cwd: project, maxBuffer: 1 << 26 }
  const { stdout } = await run(process.execPath, [join(root, 'bin/mycelium.js'), ...args], options)
  return stdout
}

/** A project with sub-agents and four servers in Claude Code's config, which `init` takes over. */
async function setUp() {
  const server = (name, ...more) => ({
    command: process.execPath,
    args: [join(root, `node_modules/@modelcontextprotocol/server-${name}/dist/index.js`), ...more],
  })
  mkdirSync(join(project, '.claude/agents'), { recursive: true })
  for (const name of ['analyst', 'follower', 'writer'])
    writeFileSync(
      join(project, `.claude/agents/${name}.md`),
      `---\nname: ${name}\ndescription: The ${name}.\n---\nWork.\n`,
    )
  const commands = {
    command: process.execPath,
    args: [
      join(root, 'docs/examples/command-server.mjs'),
      ...[join(root, 'package-lock.json'), join(root, 'docs'), join(root, 'templates'), project],
    ],
  }
  const memory = { ...server('memory'), env: { MEMORY_FILE_PATH: join(home, 'memory.jsonl') } }
  const mcpServers = {
    commands,
    everything: server('everything'),
    filesystem: server('filesystem', project),
    memory,
  }
  writeFileSync(join(home, '.claude.json'), JSON.stringify({ mcpServers }, null, 2))
  const stages = {
    name: 'three-turns',
    total: TOTAL,
    agents: [
      { name: 'analyst', task: 'analyse the dependencies', min: 2_000, want: 12_000 },
      { name: 'follower', task: 'follow up', min: 1_000, want: 6_000, needs: ['analyst'] },
      { name: 'writer', task: 'generate a report', min: 1_000, want: 6_000, needs: ['follower'] },
    ],
  }
  writeFileSync(join(project, 'workflow.json'), JSON.stringify(stages))
  await mycelium('init', '--yes')
}

/** What each turn calls. Files and memory have answers with `structuredContent`, which stay as they are; what commands print is text. */
function turns() {
  const entity = {
    name: 'report',
    entityType: 'file',
    observations: ['lists every dependency without a licence'],
  }
  const report = { path: join(project, 'report.md'), content: '# Report\n' }
  return [
    [
      'analyse',
      [
        ['commands', 'run', { command: 'dependencies' }],
        ['commands', 'run', { command: 'listing' }],
        ['filesystem', 'directory_tree', { path: project }],
        ['everything', 'get-sum', { a: 120, b: 1 }],
      ],
    ],
    [
      'follow up',
      [
        ['commands', 'run', { command: 'dependencies' }],
        ['memory', 'create_entities', { entities: [entity] }],
        ['filesystem', 'write_file', report],
        ['commands', 'run', { command: 'listing' }],
      ],
    ],
    [
      'generate',
      [
        ['memory', 'read_graph', {}],
        ['filesystem', 'read_text_file', { path: report.path }],
        ['filesystem', 'write_file', { ...report, content: '# Report\n\nDone.\n' }],
        ['commands', 'run', { command: 'listing' }],
      ],
    ],
  ]
}

/** All turns as one session of Claude Code; gives what each brought into the context. */
async function converse(session) {
  const config = JSON.parse(readFileSync(join(home, '.claude.json'), 'utf8'))
  const clients = new Map()
  for (const [name, { command, args = [], env: own = {} }] of Object.entries(config.mcpServers)) {
    const client = new Client({ name: 'three-turns', version: '1' })
    const variables = { ...env, ...own, CLAUDE_CODE_SESSION_ID: session, CLAUDE_PROJECT_DIR: project }
    await client.connect(new StdioClientTransport({ command, args, env: variables, cwd: project }))
    clients.set(name, client)
  }
  const rows = []
  for (const [turn, calls] of turns()) {
    const row = { turn, tokens: 0, handles: 0, unchanged: 0, patches: 0 }
    for (const [server, name, args] of calls) {
      const { content } = await clients.get(server).callTool({ name, arguments: args })
      const text = content.map((block) => block.text ?? '').join('\n')
      row.tokens += count(text)
      row.handles += /optimization expand my:[0-9a-f]{10}/.test(text) ? 1 : 0
      row.unchanged += /^\[the same as/.test(text) ? 1 : 0
      row.patches += /^\[changes to/.test(text) ? 1 : 0
    }
    rows.push(row)
  }
  for (const client of clients.values()) await client.close()
  return rows
}

/** Ends with what the daemon and the judge say of it. */
async function compare() {
  await setUp()
  const { agents } = JSON.parse(
    await mycelium('budget', 'agents', '--workflow', 'workflow.json', '--total', String(TOTAL), '--json'),
  )
  const off = await converse('off')
  // The first text waits for the process that shortens to start; an agent would have it whole after 300 ms.
  const settings = ['token_optimization.enabled=true', 'diff.enabled=true', 'limits.shorten_ms=20000']
  for (const setting of settings) await mycelium('config', 'set', setting)
  rmSync(join(home, 'memory.jsonl'), { force: true })
  rmSync(join(project, 'report.md'), { force: true })
  const on = await converse('on')
  const validation = JSON.parse(await mycelium('optimization', 'validate', '--session-id=on', '--json'))
  let [before, after] = [0, 0]
  const rows = on.map((row, i) => {
    before += off[i].tokens
    after += row.tokens
    return {
      ...row,
      offTokens: off[i].tokens,
      offContext: before,
      onContext: after,
      granted: agents[i].tokens,
    }
  })
  return { rows, saved: 1 - after / before, validation }
}

function tableOf({ rows, saved, validation }) {
  const head = ['turn', 'off', 'on', 'context off', 'context on', 'handles', 'same', 'patches', 'granted']
  const cells = rows.map((row) => [
    ...[row.turn, row.offTokens, row.tokens, row.offContext, row.onContext],
    ...[row.handles, row.unchanged, row.patches, row.granted],
  ])
  const widths = head.map((title, i) => Math.max(title.length, ...cells.map((row) => String(row[i]).length)))
  const line = (row) =>
    row
      .map((cell, i) => (i === 0 ? String(cell).padEnd(widths[i]) : String(cell).padStart(widths[i])))
      .join('  ')
  const { pass, results, judged, losses, savings } = validation
  return [
    ...[head, ...cells].map(line),
    '',
    `context after three turns: ${(saved * 100).toFixed(1)} % smaller (tokens of results, by a table of Claude's)`,
    `validation: ${pass ? 'passes' : 'below the gate'}; ${judged} of ${results} shortened texts judged, ${losses.length} losses`,
    `ledger: ${savings.tokens.kept} tokens kept away, ${savings.tokens.expanded} asked for again, ${savings.tokens.saved.value} net`,
    '',
  ].join('\n')
}

try {
  const found = await compare()
  process.stdout.write(
    process.argv.includes('--json') ? `${JSON.stringify(found, null, 2)}\n` : tableOf(found),
  )
  process.exitCode = found.validation.pass ? 0 : 1
} finally {
  await mycelium('daemon', 'stop').catch(() => {})
  rmSync(home, { recursive: true, force: true, maxRetries: 5 })
}
