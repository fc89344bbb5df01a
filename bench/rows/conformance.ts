import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Contender, onStage, type Stage } from '../contender.ts'
import { type Context, everything } from '../context.ts'
import { installed } from '../install.ts'
import { freePort, listening } from '../port.ts'
import type { Headline, RowResult } from '../result.ts'

/** `scenario: n passed, m failed` by scenario. */
type Outcome = ReadonlyMap<string, string>

/**
 * The official conformance suite speaks HTTP, so a bridge starts the command of the agent's config once per HTTP session. What matters is not how
 * much the server passes but that the launcher in its place passes the same.
 */
export async function conformance(context: Context): Promise<RowResult> {
  const direct = await outcomeOf(context, context.direct)
  const headlines: Headline[] = []
  const notes = [`direct: ${totalOf(direct)}`]
  for (const contender of [context.mycelium, context.myceliumSession]) {
    const through = await outcomeOf(context, contender)
    const different = [...new Set([...direct.keys(), ...through.keys()])].filter(
      (scenario) => direct.get(scenario) !== through.get(scenario),
    )
    headlines.push({
      what: `conformance scenarios of ${direct.size} that end otherwise than direct`,
      contender: contender.name,
      value: different.length,
      unit: '',
      must: 0,
    })
    notes.push(`${contender.name}: ${totalOf(through)}`)
    for (const scenario of different) {
      notes.push(`${scenario}: direct ${direct.get(scenario)}, ${contender.name} ${through.get(scenario)}`)
    }
  }
  return { headlines, details: [], notes }
}

function outcomeOf(context: Context, contender: Contender): Promise<Outcome> {
  return onStage(contender, [everything(context.packageRoot)], async (stage) => {
    context.progress(`conformance ${contender.name}`)
    const modules = join(installed(context.packageRoot, 'clients'), 'node_modules')
    const port = await freePort()
    startBridge(modules, stage, port)
    await listening(port)
    return parseSummary(await runSuite(modules, stage, port))
  })
}

/** Ends with the stage, which kills everything in its sandbox. */
function startBridge(modules: string, stage: Stage, port: number): void {
  const { command, args, env, cwd } = stage.command('everything')
  const line = [command, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
  spawn(
    nodeOf(modules),
    [
      join(modules, 'supergateway/dist/index.js'),
      ...['--stdio', line, '--outputTransport', 'streamableHttp', '--stateful', '--port', String(port)],
    ],
    { cwd, env: { ...env }, stdio: 'ignore' },
  )
}

function runSuite(modules: string, stage: Stage, port: number): Promise<string> {
  const results = mkdtempSync(join(tmpdir(), 'my-'))
  const cli = join(modules, '@modelcontextprotocol/conformance/dist/index.js')
  const url = `http://127.0.0.1:${port}/mcp`
  const env = { ...stage.sandbox.env, PATH: `${dirname(nodeOf(modules))}:${stage.sandbox.env.PATH}` }
  const child = spawn(nodeOf(modules), [cli, 'server', '--url', url, '--suite', 'all'], { cwd: results, env })
  let text = ''
  child.stdout.on('data', (chunk) => {
    text += chunk
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => {
      rmSync(results, { recursive: true, force: true })
      resolve(text)
    })
  })
}

function parseSummary(text: string): Outcome {
  const lines = [...text.matchAll(/^[✓✗] (\S+): (\d+ passed, \d+ failed)/gm)]
  if (lines.length === 0) throw new Error(`the conformance suite printed no summary: ${text.slice(-1000)}`)
  return new Map(lines.map(([, scenario, outcome]) => [scenario!, outcome!]))
}

function totalOf(outcome: Outcome): string {
  const sum = (word: string) =>
    [...outcome.values()].reduce(
      (total, text) => total + Number(new RegExp(`(\\d+) ${word}`).exec(text)![1]),
      0,
    )
  return `${sum('passed')} passed, ${sum('failed')} failed`
}

/** The suite needs a newer Node than mycelium does. */
function nodeOf(modules: string): string {
  return join(modules, 'node/bin/node')
}
