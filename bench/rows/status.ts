import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { AgentSession } from '../../src/core/bench/agent-session.ts'
import { quantile, summaryOf } from '../../src/core/bench/statistics.ts'
import { onStage } from '../contender.ts'
import { type Context, everything } from '../context.ts'
import type { RowResult } from '../result.ts'

const ROUNDS = 40
const SESSIONS = 8
const FIRST_PAINT_MUST_MS = 150
const WHOLE_MUST_MS = 400

/** `mycelium status` beside eight open sessions: from spawn to the first bytes of the answer, and, where the store is asked, to its end. */
export async function status(context: Context): Promise<RowResult> {
  const rounds = context.runs ?? ROUNDS
  return onStage(context.mycelium, [everything(context.packageRoot)], async (stage) => {
    const sessions: AgentSession[] = []
    for (let i = 0; i < SESSIONS; i++) {
      const session = new AgentSession(stage.command('everything'))
      await session.initialize()
      await session.request('tools/list')
      sessions.push(session)
    }
    const mycelium = join(context.packageRoot, 'bin/mycelium.js')
    const commands = new Map<string, readonly string[]>([
      ['bare node', ['-e', '0']],
      ['status', [mycelium, 'status']],
      ['status --show-optimization', [mycelium, 'status', '--show-optimization']],
    ])
    const firsts = new Map([...commands.keys()].map((name) => [name, [] as number[]]))
    const wholes = new Map([...commands.keys()].map((name) => [name, [] as number[]]))
    const names = [...commands.keys()]
    for (let round = 0; round < rounds; round++) {
      context.progress(`status ${round + 1}/${rounds}`)
      for (let i = 0; i < names.length; i++) {
        const name = names[(i + round) % names.length]!
        await context.quiet()
        const { firstMs, wholeMs } = await timed(commands.get(name)!, stage.sandbox.env)
        if (firstMs !== undefined) firsts.get(name)!.push(firstMs)
        wholes.get(name)!.push(wholeMs)
      }
    }
    for (const session of sessions) await session.close()
    const [share, word] = rounds >= 30 ? [0.95, 'p95'] : [0.5, 'p50']
    const detail = (what: string, of: ReadonlyMap<string, readonly number[]>) =>
      names
        .filter((name) => of.get(name)!.length > 0)
        .map((name) => ({ contender: name, what, unit: 'ms', summary: summaryOf(of.get(name)!) }))
    return {
      headlines: [
        ...names.slice(1).map((contender) => ({
          what: `first bytes, ${word}`,
          contender,
          value: quantile(firsts.get(contender)!, share as number),
          unit: 'ms' as const,
          must: FIRST_PAINT_MUST_MS,
        })),
        {
          what: `to its end, ${word}`,
          contender: names[2]!,
          value: quantile(wholes.get(names[2]!)!, share as number),
          unit: 'ms' as const,
          must: WHOLE_MUST_MS,
        },
      ],
      details: [...detail('spawn to first bytes', firsts), ...detail('spawn to exit', wholes)],
      notes: [`${SESSIONS} open sessions; the store holds their events and no more`],
    }
  })
}

function timed(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ readonly firstMs: number | undefined; readonly wholeMs: number }> {
  return new Promise((resolve, reject) => {
    const since = performance.now()
    let firstMs: number | undefined
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'ignore'] })
    child.stdout.on('data', () => {
      firstMs ??= performance.now() - since
    })
    child.once('error', reject)
    child.once('close', (code) =>
      code === 0
        ? resolve({ firstMs, wholeMs: performance.now() - since })
        : reject(new Error(`${args.join(' ')} ended with ${code}`)),
    )
  })
}
