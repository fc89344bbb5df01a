import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The law: an area, the files in it, and the areas it may import besides itself. The first row that matches a file is its area. */
const LAYERS: readonly { area: string; files: RegExp; below: readonly string[] }[] = [
  { area: 'base', files: /^core\/[a-z0-9-]+\.ts$/, below: [] },
  { area: 'config', files: /^core\/config\//, below: ['base'] },
  {
    area: 'kit',
    files: /^core\/report\/(io|counted|statusline|paint|printable|table|json|failure|amounts|facts)\.ts$/,
    below: ['base'],
  },
  { area: 'bounds', files: /^core\/bounds\//, below: ['base', 'config'] },
  { area: 'statistics', files: /^core\/bench\/statistics\.ts$/, below: [] },
  { area: 'protocol', files: /^core\/protocol\//, below: ['base'] },
  { area: 'pipeline', files: /^core\/pipeline\//, below: ['base', 'protocol'] },
  {
    area: 'wire',
    files: /^core\/daemon\/(hello|wire|wire-overview|wire-envelopes)\.ts$/,
    below: ['base', 'config', 'protocol'],
  },
  {
    area: 'reach',
    files: /^core\/daemon\/(connect|start|lock|alone|draining|records|ask-enforcement)\.ts$/,
    below: ['base', 'config', 'wire', 'bounds'],
  },
  { area: 'events', files: /^core\/events\//, below: ['base', 'config', 'reach'] },
  {
    area: 'effects',
    files: /^core\/effects\//,
    below: ['base', 'config', 'statistics', 'wire', 'events', 'verdict-type'],
  },
  {
    area: 'usage',
    files: /^core\/usage\//,
    below: ['base', 'config', 'statistics', 'reach', 'events', 'tokens'],
  },
  { area: 'tokens', files: /^core\/tokens\//, below: ['base', 'config'] },
  { area: 'score', files: /^core\/score\//, below: ['base', 'config', 'statistics', 'tokens'] },
  {
    area: 'ignore',
    files: /^core\/ignore\//,
    below: ['base', 'config', 'statistics', 'tokens', 'score', 'clients'],
  },
  { area: 'budget', files: /^core\/budget\//, below: ['base', 'config', 'statistics', 'tokens', 'score'] },
  { area: 'rating', files: /^core\/rating\//, below: ['base', 'config', 'statistics'] },
  { area: 'verdict-type', files: /^core\/compress\/verdict-type\.ts$/, below: [] },
  {
    area: 'compress',
    files: /^core\/compress\//,
    below: ['verdict-type', 'base', 'tokens', 'score', 'budget'],
  },
  { area: 'turns', files: /^core\/turns\//, below: ['base', 'protocol'] },
  { area: 'originals', files: /^core\/originals\//, below: ['base', 'config'] },
  { area: 'diff', files: /^core\/diff\//, below: ['base', 'budget'] },
  { area: 'reread', files: /^core\/reread\//, below: ['base', 'config', 'budget', 'diff'] },
  {
    area: 'agents',
    files: /^core\/agents\//,
    below: ['base', 'config', 'tokens', 'clients', 'budget', 'prediction'],
  },
  { area: 'hook', files: /^core\/hook\//, below: ['base', 'config', 'protocol', 'events', 'ignore'] },
  { area: 'verdict', files: /^core\/verdict\//, below: ['base', 'config', 'verdict-type'] },
  { area: 'idle', files: /^core\/policy\/idle\//, below: ['base'] },
  { area: 'advice', files: /^core\/policy\/advice\//, below: ['base'] },
  { area: 'envelope', files: /^core\/policy\/envelope\//, below: ['base', 'config'] },
  { area: 'launch', files: /^core\/launch\//, below: ['base', 'config'] },
  { area: 'clients', files: /^core\/clients\//, below: ['base', 'config', 'launch'] },
  { area: 'jobs', files: /^core\/jobs\//, below: ['base', 'config', 'reach', 'launch', 'clients'] },
  {
    area: 'report',
    files: /^core\/report\//,
    below: [
      'base',
      'config',
      'kit',
      'wire',
      'launch',
      'clients',
      'effects',
      'usage',
      'tokens',
      'score',
      'ignore',
      'jobs',
      'idle',
      'advice',
      'prediction',
      'agents',
      'envelope',
      'compress',
      'rating',
    ],
  },
  {
    area: 'live',
    files: /^core\/live\//,
    below: ['base', 'config', 'kit', 'report', 'effects', 'wire', 'reach'],
  },
  {
    area: 'pool',
    files: /^core\/pool\//,
    below: ['base', 'config', 'protocol', 'pipeline', 'launch', 'wire'],
  },
  {
    area: 'session',
    files: /^core\/session\//,
    below: ['base', 'config', 'protocol', 'pipeline', 'wire', 'pool'],
  },
  {
    area: 'shorten',
    files: /^core\/shorten\/(?!order\.ts|output-forms\.ts)/,
    below: [
      'base',
      'config',
      'tokens',
      'compress',
      'budget',
      'verdict-type',
      'originals',
      'diff',
      'verdict',
      'order',
    ],
  },
  { area: 'order', files: /^core\/shorten\/(order|output-forms)\.ts$/, below: ['events'] },
  {
    area: 'recorder',
    files: /^core\/recorder\//,
    below: ['base', 'protocol', 'pipeline', 'events', 'order'],
  },
  {
    area: 'prediction',
    files: /^core\/policy\/(markov|text)\//,
    below: ['base', 'config'],
  },
  {
    area: 'lazy',
    files: /^core\/lazy\//,
    below: ['base', 'config', 'protocol', 'prediction'],
  },
  { area: 'policy', files: /^core\/policy\//, below: ['base', 'config', 'pool', 'idle', 'envelope'] },
  {
    area: 'daemon',
    files: /^core\/daemon\//,
    below: [
      'base',
      'config',
      'protocol',
      'pipeline',
      'launch',
      'wire',
      'reach',
      'pool',
      'session',
      'policy',
      'idle',
      'advice',
      'prediction',
      'envelope',
      'bounds',
      'statistics',
      'events',
      'recorder',
      'order',
      'lazy',
    ],
  },
  {
    area: 'mcp',
    files: /^core\/mcp\//,
    below: [
      'base',
      'config',
      'protocol',
      'events',
      'clients',
      'lazy',
      'tokens',
      'compress',
      'verdict-type',
      'originals',
      'verdict',
      'diff',
      'agents',
    ],
  },
  {
    area: 'doctor',
    files: /^core\/doctor\//,
    below: ['base', 'config', 'kit', 'wire', 'reach', 'bounds', 'launch', 'clients', 'jobs', 'lazy'],
  },
  {
    area: 'bench',
    files: /^core\/bench\//,
    below: ['base', 'config', 'kit', 'statistics', 'wire', 'reach'],
  },
  {
    area: 'commands',
    files: /^commands\//,
    below: [
      'base',
      'config',
      'kit',
      'report',
      'wire',
      'reach',
      'launch',
      'clients',
      'bench',
      'hook',
      'doctor',
      'events',
      'usage',
      'effects',
      'live',
      'tokens',
      'score',
      'ignore',
      'budget',
      'compress',
      'turns',
      'originals',
      'shorten',
      'diff',
      'reread',
      'agents',
      'jobs',
      'idle',
      'advice',
      'prediction',
      'envelope',
      'verdict-type',
      'verdict',
      'rating',
      'statistics',
      'bounds',
      'lazy',
      'mcp',
    ],
  },
  {
    area: 'cli',
    files: /^(cli|program|hook|statusline|quick)\.ts$|^program\//,
    below: ['base', 'config', 'kit', 'report', 'commands', 'jobs', 'hook', 'budget'],
  },
]

/** What only its owner may touch, with every further file that may, and why. */
const OWNED: readonly { what: string; use: RegExp; owners: Readonly<Record<string, string>> }[] = [
  {
    what: 'process.env',
    use: /\bprocess\.env\b/,
    owners: { 'hook.ts': 'entry file', 'statusline.ts': 'entry file' },
  },
  {
    what: 'process.exit',
    use: /\bprocess\.exit\(/,
    owners: {
      'cli.ts': 'entry file',
      'hook.ts': 'entry file',
      'statusline.ts': 'entry file',
      'quick.ts': 'entry file',
      'core/daemon/main.ts': 'entry file',
      'core/events/main.ts': 'entry file',
      'core/score/main.ts': 'entry file',
      'core/shorten/main.ts': 'entry file',
      'core/verdict/main.ts': 'entry file',
    },
  },
  {
    what: 'child_process',
    use: /^import (?!type )(?!\{ type \w+ \}).*'node:child_process'/m,
    owners: {
      'core/pool/spawn.ts': 'starts servers',
      'core/daemon/start.ts': 'starts the daemon',
      'core/launch/compiled-relay.ts':
        'runs the C compiler, which no library stands in for, and tries what it made',
      'core/doctor/program-version.ts': 'asks clients for their version',
      'core/process-ps.ts': 'asks ps about processes where there is no /proc',
      'core/score/children.ts': 'starts the processes that parse',
      'core/verdict/open-judge.ts': 'starts the process that holds the model',
      'core/mcp/agents-begun.ts': 'has a command of mycelium ask the database',
      'core/score/history/git.ts': 'asks git for the history',
      'core/jobs/run-job.ts': 'runs a job, which is a command of mycelium',
      'core/jobs/run-tool.ts': 'asks crontab, systemctl and launchctl',
      'core/ignore/verify/run-program.ts': 'runs the hook and the client as they run for the user',
      'core/bench/agent-session.ts': 'plays the agent, which starts servers',
      'core/bench/run-command.ts': 'runs mycelium in the sandbox, as a user would',
    },
  },
  {
    what: 'timers and the wall clock',
    use: /\b(setTimeout|setInterval)\(|\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(/,
    owners: {
      'core/clock.ts': 'the clock',
      'core/daemon/connect.ts': 'a limit on an answer that holds the process open while it waits',
      'core/daemon/start.ts': 'a pause between looks that holds the process open',
      'core/daemon/every.ts': 'the ticks that keep the daemon running',
      'core/daemon/main.ts': 'entry file: a limit on its own stopping',
      'core/score/main.ts': 'entry file: a thread of its own that looks after a hung parser',
    },
  },
]

/** Files that are longer than 300 lines, and the one idea that makes them so. */
const LONG: Readonly<Record<string, string>> = {}
const MAX_LINES = 300

const BANNED = /(Manager|Orchestrator|Engine|Helper|Handler|Enhanced|Smart|Advanced|V2)(?=$|[A-Z])/

interface Source {
  readonly path: string
  readonly text: string
  /** Without comments: a rule is broken by code, not by prose about it. */
  readonly code: string
}

const sources: readonly Source[] = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .sort()
  .map((path) => {
    const text = readFileSync(join(root, 'src', path), 'utf8')
    return { path, text, code: text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1') }
  })

/** Imports of our own files, static and dynamic. */
function importsOf(source: Source): readonly { path: string; typeOnly: boolean }[] {
  const found = source.code.matchAll(
    /\b(?:(import|export)\s+(type\s)?[^;'"]*?from\s*|import\s*\(?\s*)'(\.[^']+)'/g,
  )
  return [...found].map(([, , type, specifier]) => ({
    path: relative(join(root, 'src'), resolve(join(root, 'src', dirname(source.path)), specifier!)),
    typeOnly: type !== undefined,
  }))
}

function areaOf(path: string): string {
  // Templates are data, bundled as they are.
  if (path.endsWith('.json')) return 'data'
  return LAYERS.find((layer) => layer.files.test(path))?.area ?? `none (${path})`
}

describe('the sources', () => {
  it('belong to exactly the areas of the law', () => {
    expect(sources.map((s) => areaOf(s.path)).filter((area) => area.startsWith('none'))).toEqual([])
  })

  it('import downwards only', () => {
    const breaches = sources.flatMap((source) => {
      const layer = LAYERS.find((row) => row.area === areaOf(source.path))
      const allowed = ['data', layer?.area, ...(layer?.below ?? [])]
      return importsOf(source)
        .filter((target) => !allowed.includes(areaOf(target.path)))
        .map((target) => `${source.path} (${layer?.area}) imports ${target.path} (${areaOf(target.path)})`)
    })
    expect(breaches).toEqual([])
  })

  it('import no command from another command', () => {
    const breaches = sources
      .filter((source) => source.path.startsWith('commands/'))
      .flatMap((source) =>
        importsOf(source)
          .filter((t) => t.path.startsWith('commands/'))
          .map(() => source.path),
      )
    expect(breaches).toEqual([])
  })

  it('have no cycle of imports', () => {
    const graph = new Map(
      sources.map((s) => [
        s.path,
        importsOf(s)
          .filter((t) => !t.typeOnly)
          .map((t) => t.path),
      ]),
    )
    expect(cycleIn(graph)).toEqual([])
  })

  it.each(OWNED)('leave $what to its owners', ({ use, owners }) => {
    const users = sources.filter((source) => use.test(source.code)).map((source) => source.path)
    const strangers = users.filter(
      (path) => !(path in owners) && !(use.source.includes('env') && path.startsWith('core/config/')),
    )
    expect(strangers).toEqual([])
  })

  it('list no owner that has stopped using what it owns', () => {
    const idle = OWNED.flatMap(({ what, use, owners }) =>
      Object.keys(owners)
        .filter((path) => !use.test(sources.find((source) => source.path === path)?.code ?? ''))
        .map((path) => `${path}: ${what}`),
    )
    expect(idle).toEqual([])
  })

  it('never export by default, and say of each export, or of a run of them, what it is', () => {
    const breaches = sources.flatMap(({ path, text }) => {
      const lines = text.split('\n')
      return lines.flatMap((line, i) => {
        if (/^export default\b/.test(line)) return [`${path}:${i + 1} exports by default`]
        if (!/^export (async |abstract )?(function\*?|class|const|interface|type|enum) \w/.test(line))
          return []
        // The type of a constant is explained by the constant.
        if (/^export type \w+ = \(typeof \w+\)\[number\]$/.test(line)) return []
        const above = lines.slice(0, i).findLast((other) => other !== '' && !/^export \w/.test(other)) ?? ''
        return /\*\/\s*$/.test(above) ? [] : [`${path}:${i + 1} has no doc comment`]
      })
    })
    expect(breaches).toEqual([])
  })

  it('keep no state at module level', () => {
    const state =
      /^(?:export )?(?:(?:let|var) \w+|const \w+(?:: (?!readonly|Readonly)[^=]+)? = (?:new (?:Weak)?(?:Map|Set)(?:<.*>)?\(\)|\[\]|\{\}))/m
    expect(sources.filter((source) => state.test(source.code)).map((source) => source.path)).toEqual([])
  })

  it('are named by nouns and verbs, in kebab-case, without index or utils', () => {
    const breaches = sources.flatMap(({ path, code }) => {
      const file = path.split('/').at(-1)!
      const declared = [...code.matchAll(/\b(?:class|function|const|let|interface|type|enum) (\w+)/g)].map(
        (m) => m[1]!,
      )
      const names = declared.filter((name) => BANNED.test(name[0]!.toUpperCase() + name.slice(1)))
      const badFile =
        !/^[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(file) || /^(index|utils?|helpers?|manager)\.ts$/.test(file)
      return [...names.map((name) => `${path}: ${name}`), ...(badFile ? [path] : [])]
    })
    expect(breaches).toEqual([])
  })

  it('stay short, or say why not', () => {
    const long = sources
      .filter((source) => source.text.split('\n').length > MAX_LINES)
      .map((source) => source.path)
    expect(long).toEqual(Object.keys(LONG))
  })
})

function cycleIn(graph: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const done = new Set<string>()
  const visit = (path: string, trail: readonly string[]): readonly string[] => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path]
    if (done.has(path)) return []
    for (const target of graph.get(path) ?? []) {
      const cycle = visit(target, [...trail, path])
      if (cycle.length > 0) return cycle
    }
    done.add(path)
    return []
  }
  for (const path of graph.keys()) {
    const cycle = visit(path, [])
    if (cycle.length > 0) return cycle
  }
  return []
}
