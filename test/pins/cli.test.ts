import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ended } from '../fixtures/built-cli.ts'
import { cliHome } from '../fixtures/cli-home.ts'

// Scripts and habits hang on these texts and codes. Changing one is a changelog entry.

const home = cliHome({ per: 'file' })
const mycelium = home.run

const SHORT_HELP = `mycelium: shared, warm, supervised MCP servers under every coding agent

  mycelium demo          see it work in a sandbox
  mycelium init          put it under your agents, after a look at the diff
  mycelium server list   what is running, and how it is shared

mycelium --help lists everything; mycelium undo takes it away again.
`

const HELP = `Usage: mycelium [options] [command]

Shared, warm, supervised MCP servers under every coding agent, without changing
the agent.

Options:
  -V, --version           print the version
  --config <key=value>    this setting for this command; may be given more than
                          once
  -h, --help              display help for command

Commands:
  init [options]          find your MCP servers and put mycelium under them
  undo [options]          take mycelium away and restore every config
  status [options]        show what runs, what it costs and what it saves
  server                  look at the servers and decide how they are shared
  daemon                  look at or mend the process that keeps servers warm
  usage                   what it costs: tokens, dollars, time, by session,
                          server, tool and more
  score [options] [path]  which files of a repository matter, and how complex
                          they are
  budget                  how many tokens each file and each agent may take
  optimization            shorten texts for agents, and get the originals back
  ignore                  keep files of little worth from agents, and check that
                          it holds
  prewarm                 what a session is likely to call next
  envelope                how much memory each server needs, from what it was
                          seen to use
  jobs                    what is done by the clock: install, run and look at it
  config                  read and change the settings
  doctor [options]        find what is wrong, and the command that mends it
  demo [options]          see it work in a sandbox
  completion <shell>      print the completion script of a shell
  version [options]       say what is installed
  hook <client> [event]   record that a hook of a client fired
  statusline              print the status line of Claude Code
  mcp [options]           mycelium's own MCP server, for an agent to start
  help [command]          explain a command

Examples:
  mycelium demo  see it work in a sandbox first
  mycelium init  put it under your agents, after a look at the diff
  mycelium undo  take it away again
`

describe('help', () => {
  it('of a command of two words is that of the command', async () => {
    expect(await mycelium('help', 'server', 'share')).toEqual(await mycelium('server', 'share', '--help'))
  })

  it('and what needs no place works in a directory that is gone', async () => {
    const gone = mkdtempSync(join(home.dir, 'gone-'))
    const shell = `cd '${gone}' && rmdir '${gone}' && exec "$0" "$@"`
    for (const args of [['version'], ['undo'], ['init', '--dry-run']]) {
      const { code, stderr } = await ended(
        '/bin/sh',
        ['-c', shell, process.execPath, home.bin, ...args],
        home.env,
      )
      expect([args, code, stderr]).toEqual([args, 0, ''])
      mkdirSync(gone)
    }
  })

  it('alone names the three commands most wanted', async () => {
    expect(await mycelium()).toEqual({ code: 0, signal: null, stdout: SHORT_HELP, stderr: '' })
  })

  it('lists every command on stdout', async () => {
    expect(await mycelium('--help')).toEqual({ code: 0, signal: null, stdout: HELP, stderr: '' })
    expect(await mycelium('help')).toEqual({ code: 0, signal: null, stdout: HELP, stderr: '' })
  })

  it.each([
    ['daemon', ['start', 'stop', 'restart', 'status', 'logs', 'run']],
    ['config', ['get', 'set', 'unset', 'list', 'explain', 'path']],
    [
      'optimization',
      ['compress', 'validate', 'rate', 'report', 'judge', 'inspect', 'expand', 'diff', 'apply'],
    ],
    ['budget', ['files', 'agents']],
    ['envelope', ['show', 'tune', 'apply', 'reset', 'evaluate']],
    ['jobs', ['install', 'list', 'run', 'logs', 'remove']],
    ['server', ['list', 'warm', 'restart', 'drain', 'pause', 'resume', 'share']],
  ])('of %s names its verbs', async (noun, verbs) => {
    const { stdout, code } = await mycelium(noun, '--help')
    const listed = [...stdout.matchAll(/^ {2}(\w+) .*$/gm)].map((match) => match[1])
    expect(listed.filter((word) => word !== 'mycelium' && word !== 'help')).toEqual(verbs)
    expect(code).toBe(0)
  })

  it.each([
    [
      'init',
      [
        '--client <name>',
        '--server <name>',
        '--hooks',
        '--statusline',
        '--mcp',
        '--dry-run',
        '-y, --yes',
        '--json',
        '-h, --help',
      ],
    ],
    ['undo', ['--client <name>', '--dry-run', '--keep-usage', '-y, --yes', '--json', '-h, --help']],
  ])('of %s names its options', async (command, options) => {
    const { stdout } = await mycelium(command, '--help')
    expect([...stdout.matchAll(/^ {2}(-.*?) {2,}/gm)].map((match) => match[1])).toEqual(options)
  })
})

describe('version', () => {
  it('says package, node and platform', async () => {
    const { stdout, code } = await mycelium('version')
    expect(stdout).toBe(
      `mycelium 0.1.0 (node ${process.versions.node}, ${process.platform}-${process.arch})\n`,
    )
    expect(code).toBe(0)
  })

  it('is machine-readable', async () => {
    expect(JSON.parse((await mycelium('version', '--json')).stdout)).toEqual({
      mycelium: '0.1.0',
      node: process.versions.node,
      platform: `${process.platform}-${process.arch}`,
    })
    expect((await mycelium('--version')).stdout).toBe('0.1.0\n')
  })
})

describe('doctor --json', () => {
  it('is one object with version, ok, what was fixed, and findings of one shape', async () => {
    const { stdout, code } = await mycelium('doctor', '--json')
    const answer = JSON.parse(stdout)
    expect(Object.keys(answer)).toEqual(['version', 'ok', 'fixed', 'findings'])
    expect([answer.version, answer.ok, answer.fixed, code]).toEqual(['0.1.0', true, [], 0])
    for (const finding of answer.findings)
      expect(Object.keys(finding)).toEqual(['id', 'severity', 'subject', 'message', 'fix', 'fixable'])
    expect(answer.findings).toContainEqual({
      id: 'node-version',
      severity: 'ok',
      subject: 'node',
      message: process.version,
      fix: null,
      fixable: false,
    })
  })
})

describe('status --json', () => {
  it('is one object of this shape where no daemon runs', async () => {
    const { stdout, code } = await mycelium('status', '--json', '--show-optimization')
    const { optimizations, ...answer } = JSON.parse(stdout)
    expect(code).toBe(0)
    expect(answer).toEqual({
      running: false,
      daemon: null,
      servers: [],
      clients: {},
      sums: null,
      drainingPids: [],
      jobs: { installed: 0, running: 0, failed: 0, lastRunAt: null },
    })
    expect(optimizations.map(({ id }: { id: string }) => id)).toEqual([
      'sharing',
      'warm spares',
      'growth',
      'resolution',
      'compiled relay',
      'foresight',
      'prewarm',
      'envelope',
      'shortened results',
      'file budgets',
      'differences',
      'agent budgets',
      'lazy tools',
      'agents ahead',
      'ignored files',
      'cache',
      'dedup',
    ])
    for (const one of optimizations) {
      expect(Object.keys(one)).toEqual(OPTIMIZATION_KEYS)
      expect(Object.keys(one.effect)).toEqual(['value', 'low', 'high', 'n', 'note'])
    }
  })

  it('and of this one where one does', async () => {
    await mycelium('daemon', 'start')
    try {
      const { running, daemon, sums, servers, clients } = JSON.parse(
        (await mycelium('status', '--json')).stdout,
      )
      expect([running, servers, clients]).toEqual([true, [], {}])
      expect(Object.keys(daemon).sort()).toEqual([
        'draining',
        'node',
        'pid',
        'root',
        'rssMb',
        'sessions',
        'socket',
        'upstreams',
        'uptimeMs',
        'version',
        'watcherPid',
      ])
      const zero = { value: null, low: null, high: null, n: 0, note: 'no session was greeted warm' }
      const { usedKb, daemonKb } = sums.memory
      expect(usedKb).toBeGreaterThan(1_000)
      expect(sums).toEqual({
        sessions: 0,
        processes: 0,
        inFlight: 0,
        calls: 0,
        failedCalls: 0,
        memory: {
          usedKb,
          serversKb: 0,
          daemonKb,
          launchersKb: 0,
          directKb: { low: 0, high: 0 },
          savedKb: { low: -usedKb, high: -usedKb },
          unmeasuredSessions: 0,
        },
        starts: { sessions: 0, started: 0, avoided: 0 },
        greetings: { warm: 0, all: 0, rate: null },
        savedMs: zero,
      })
    } finally {
      await mycelium('daemon', 'stop')
    }
  })
})

const OPTIMIZATION_KEYS = ['id', 'on', 'built', 'setting', 'change', 'lastHour', 'lastDay', 'gain', 'effect']

describe('a command line that is not understood exits 2 and names the next step', () => {
  it.each([
    [['sevrer'], "unknown command 'sevrer'", 'did you mean server?'],
    [['server', 'lst'], "unknown command 'lst'", 'did you mean list?'],
    [['zzzzzz'], "unknown command 'zzzzzz'", 'mycelium --help'],
    [['init', '--dryrun'], "unknown option '--dryrun'", 'did you mean --dry-run?'],
    [['help', 'nope'], "unknown command 'nope'", 'mycelium --help'],
    [['help', 'server', 'nope'], "unknown command 'server nope'", 'mycelium server --help'],
    [['init', 'extra'], 'too many arguments', 'mycelium init --help'],
    [['init', '--client'], "option '--client <name>' argument missing", 'mycelium init --help'],
    [['server', 'drain'], "missing required argument 'names'", 'mycelium server drain --help'],
    [['server', 'share', 'github', 'always'], "'always' is invalid", 'mycelium server share --help'],
    [['config', 'get'], "missing required argument 'keys'", 'mycelium config get --help'],
    [
      ['config', 'set', 'a.b'],
      '"a.b" gives no value',
      'mycelium config set key=value, or one key and its value',
    ],
    [
      ['config', 'set', 'limits=1'],
      'limits is a section, not a setting',
      'name one of it, such as limits.processes_per_pool',
    ],
    [
      ['config', 'get', 'token_optimisation.enabled'],
      'no setting "token_optimisation.enabled"',
      'did you mean token_optimization.enabled?',
    ],
    [
      ['config', 'set', 'target_reduction=1'],
      'no setting "target_reduction"',
      'did you mean token_optimization.target_reduction?',
    ],
    [
      ['config', 'set', 'token_optimization.target_reduction=2'],
      'token_optimization.target_reduction: 2 is not a number from 0 to 1',
      'mycelium config explain token_optimization.target_reduction',
    ],
    [
      ['config', 'set', 'events.fsync', 'often'],
      '"often" is not batch or always or never',
      'mycelium config explain events.fsync',
    ],
    [
      ['--config', 'cache.enabld=true', 'version'],
      'no setting "cache.enabld"',
      'did you mean cache.enabled?',
    ],
    [['--config', 'diff.enabled', 'version'], '--config diff.enabled: no value', '--config key=value'],
    [
      ['--config', 'limits.idle_ms=5s', 'version'],
      'it reads the user file only',
      'mycelium config set limits.idle_ms=5s',
    ],
    [['completion', 'tcsh'], "'tcsh' is invalid", 'mycelium completion --help'],
    [['daemon', 'logs', '-n', 'many'], 'It must be a whole number.', 'mycelium daemon logs --help'],
  ])('%j', async (args, message, next) => {
    const { code, stdout, stderr } = await mycelium(...args)
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^mycelium: .+\n {2}next: .+\n$/)
    expect(stderr).toContain(message)
    expect(stderr).toContain(`  next: ${next}\n`)
  })

  it('a noun without a verb shows the verbs, on stderr', async () => {
    const { code, stdout, stderr } = await mycelium('server')
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toContain('Usage: mycelium server')
  })

  it('with --json stdout holds the error as an object, stderr the same in words', async () => {
    const { code, stdout, stderr } = await mycelium('server', 'lst', '--json')
    expect(code).toBe(2)
    expect(JSON.parse(stdout)).toEqual({
      error: { code: 'usage', message: "unknown command 'lst'", hint: 'did you mean list?' },
    })
    expect(stderr).toBe("mycelium: unknown command 'lst'\n  next: did you mean list?\n")
  })
})

describe('streams', () => {
  it('a reader that goes away early is no error', async () => {
    const child = spawn(process.execPath, [home.bin, '--help'], {
      env: home.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.stdout.destroy()
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (chunk) => (stderr += chunk))
    const [code] = await once(child, 'close')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  it('Ctrl-C ends a command that goes on with 130', async () => {
    mkdirSync(join(home.dir, '.mycelium/log'), { recursive: true })
    writeFileSync(join(home.dir, '.mycelium/log/daemon.log'), 'one line\n')
    const child = spawn(process.execPath, [home.bin, 'daemon', 'logs', '--follow'], {
      env: home.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const ending = once(child, 'close')
    const [first] = await once(child.stdout, 'data')
    expect(String(first)).toBe('one line\n')
    child.kill('SIGINT')
    expect(await ending).toEqual([130, null])
  })

  // util-linux script gives a command a terminal; its namesake on macOS takes other arguments.
  const script = process.platform === 'linux' && existsSync('/usr/bin/script')
  const onTerminal = (more: NodeJS.ProcessEnv) =>
    ended('/usr/bin/script', ['-qec', `'${process.execPath}' '${home.bin}' zzzzzz`, '/dev/null'], {
      ...home.env,
      TERM: 'xterm',
      ...more,
    })

  it.runIf(script)('are coloured on a terminal, unless NO_COLOR is set', async () => {
    expect((await onTerminal({})).stdout).toContain('\u001b[31mmycelium:')
    const plain = await onTerminal({ NO_COLOR: '1' })
    expect(plain.stdout).toContain("mycelium: unknown command 'zzzzzz'")
    expect(plain.stdout).not.toContain('\u001b[')
  })
})
