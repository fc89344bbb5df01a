import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { memoryMb } from '../../src/core/bench/processes.ts'
import { runMycelium } from '../../src/core/bench/run-command.ts'
import { createSandbox, removeSandbox } from '../../src/core/bench/sandbox.ts'
import { quantile, summaryOf } from '../../src/core/bench/statistics.ts'
import type { DaemonStatus } from '../../src/core/daemon/wire.ts'
import { type Context, everything } from '../context.ts'
import type { RowResult } from '../result.ts'

const ROUNDS = 40
const MUST_MS = 60
const AIM_MS = 10
const LISTENS_MS = 10_000

const PAYLOAD = JSON.stringify({
  session_id: 'bench',
  cwd: '/work',
  hook_event_name: 'PostToolUse',
  tool_name: 'Bash',
  tool_input: { command: 'ls' },
  tool_response: { stdout: 'x'.repeat(4_000) },
  tool_use_id: 'toolu_1',
  model: { display_name: 'Opus' },
  cost: { total_cost_usd: 1 },
  context_window: { context_window_size: 200_000, used_percentage: 10 },
})

/** What an agent waits for at each tool use and each change of its status line: the installed commands, run as Claude Code runs them. */
export async function hook(context: Context): Promise<RowResult> {
  const rounds = context.runs ?? ROUNDS
  const sandbox = createSandbox(process.env.PATH ?? '')
  try {
    mkdirSync(join(sandbox.home, '.claude'))
    const settings = join(sandbox.home, '.claude/settings.json')
    writeFileSync(settings, '{}')
    const mycelium = (...args: string[]) => runMycelium(context.packageRoot, sandbox, args)
    // A daemon stays where there is a server to serve.
    const { command, args } = everything(context.packageRoot)
    writeFileSync(
      join(sandbox.home, '.claude.json'),
      JSON.stringify({ mcpServers: { everything: { command, args } } }),
    )
    await mycelium('init', '--hooks', '--statusline', '--yes')
    await mycelium('daemon', 'start')
    const config = JSON.parse(readFileSync(settings, 'utf8'))
    const [hook, statusline] = [config.hooks.PostToolUse[0].hooks[0].command, config.statusLine.command]
    const { pid: daemon } = JSON.parse(await mycelium('daemon', 'status', '--json')) as DaemonStatus
    const before = memoryMb([daemon])
    await timed(asked('', hook), sandbox.env)
    const host = await hostOf(sandbox.home)
    const commands = new Map<string, readonly string[]>([
      ['bare node', [process.execPath, '-e', '0']],
      ['hook, by node', asked('node', hook)],
      ['hook, by perl', asked('perl', hook)],
      ['hook', asked('', hook)],
      ['statusline, by node', asked('node', statusline)],
      ['statusline', asked('', statusline)],
    ])
    const times = new Map([...commands.keys()].map((name) => [name, [] as number[]]))
    const names = [...commands.keys()]
    for (let round = 0; round < rounds; round++) {
      context.progress(`hook ${round + 1}/${rounds}`)
      for (let i = 0; i < names.length; i++) {
        const name = names[(i + round) % names.length]!
        await context.quiet()
        times.get(name)!.push(await timed(commands.get(name)!, sandbox.env))
      }
    }
    const quick = ['hook', 'statusline']
    return {
      headlines: quick.map((name) => ({
        what: rounds >= 30 ? 'installed command, p95' : 'installed command, p50',
        contender: name,
        value: quantile(times.get(name)!, rounds >= 30 ? 0.95 : 0.5),
        unit: 'ms',
        must: MUST_MS,
        aim: AIM_MS,
      })),
      details: [
        ...names.map((name) => ({
          contender: name,
          what: 'spawn to exit, 4 kB of input',
          unit: 'ms',
          summary: summaryOf(times.get(name)!),
        })),
        ...[
          ['daemon, before any hook', before],
          ['daemon, after all', memoryMb([daemon])],
          ['process that answers', memoryMb([host])],
        ].map(([contender, mb]) => ({
          contender: String(contender),
          what: 'memory (PSS)',
          unit: 'MB',
          summary: summaryOf([Number(mb)]),
        })),
      ],
    }
  } finally {
    removeSandbox(sandbox)
  }
}

/** The command as Claude Code runs it, answered by one way of those there are; by the best for an empty one. */
function asked(by: string, command: string): readonly string[] {
  return ['/bin/sh', '-c', by === '' ? command : `export MYCELIUM_RELAY=${by}; ${command}`]
}

/** The process that answers hooks, once it listens. */
async function hostOf(home: string): Promise<number> {
  const root = join(home, '.mycelium')
  const deadline = performance.now() + LISTENS_MS
  while (!existsSync(join(root, 'run/q.sock'))) {
    if (performance.now() > deadline) throw new Error(`nothing listens for hooks within ${LISTENS_MS} ms`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const log = readFileSync(join(root, 'log/daemon.log'), 'utf8')
  return Number(/"quick-host-started","pid":(\d+)/.exec(log)?.[1])
}

function timed([command, ...args]: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve, reject) => {
    const since = performance.now()
    const child = spawn(command!, args, { env, stdio: ['pipe', 'ignore', 'ignore'] })
    child.stdin.on('error', () => {})
    child.stdin.end(PAYLOAD)
    child.once('error', reject)
    child.once('exit', (code) =>
      code === 0 ? resolve(performance.now() - since) : reject(new Error(`${command} ended with ${code}`)),
    )
  })
}
