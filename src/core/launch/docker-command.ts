/** What `docker run` was asked to run. */
export interface DockerCommand {
  /** Image without registry default, tag and digest. */
  readonly image: string
  readonly tag?: string
  readonly args: readonly string[]
  /** Names of variables that `-e NAME` passes on from the environment. */
  readonly passedOn: readonly string[]
}

/** Command-line programs with docker's own syntax. */
const RUNTIMES = new Set(['docker', 'podman', 'nerdctl', 'finch'])
/** Short options of `docker run` that take no value; every other short one does. */
const SHORT_SWITCHES = 'ditPq'
/** Long options of `docker run` that take no value; every other long one does. */
const SWITCHES = new Set([
  ...[
    '--detach',
    '--disable-content-trust',
    '--init',
    '--interactive',
    '--no-healthcheck',
    '--oom-kill-disable',
  ],
  ...[
    '--privileged',
    '--publish-all',
    '--quiet',
    '--read-only',
    '--rm',
    '--sig-proxy',
    '--tty',
    '--use-api-socket',
  ],
  ...['--replace', '--tls-verify', '--no-hosts', '--http-proxy'],
])
const GLOBAL_VALUED = new Set(['-H', '--host', '-c', '--context', '--config', '-l', '--log-level'])
const GLOBAL_SWITCHES = new Set(['-D', '--debug', '--tls', '--tlsverify'])

/** Reads `docker run …`; undefined when it is something else. */
export function readDockerCommand(runner: string, args: readonly string[]): DockerCommand | undefined {
  if (!RUNTIMES.has(runner)) return undefined
  let i = 0
  while (args[i]?.startsWith('-')) {
    if (GLOBAL_VALUED.has(args[i]!)) i += 2
    else if (GLOBAL_SWITCHES.has(args[i]!) || args[i]!.includes('=')) i += 1
    else return undefined
  }
  if (args[i] === 'container') i += 1
  if (args[i] !== 'run') return undefined
  const passedOn: string[] = []
  for (i += 1; i < args.length && args[i]!.startsWith('-') && args[i] !== '--'; i += 1) {
    const option = optionAt(args, i)
    i = option.last
    const isEnv = option.key === '-e' || option.key === '--env'
    if (isEnv && option.value !== undefined && !option.value.includes('=')) passedOn.push(option.value)
  }
  if (args[i] === '--') i += 1
  const reference = args[i]
  const image = reference === undefined ? undefined : readImage(reference)
  return image && { ...image, args: args.slice(i + 1), passedOn }
}

/** One option and the index of its last word: `-it`, `-eNAME`, `-ie NAME`, `--env NAME`, `--env=NAME`. */
function optionAt(args: readonly string[], i: number): { key: string; value?: string; last: number } {
  const arg = args[i]!
  if (arg.startsWith('--')) {
    const at = arg.indexOf('=')
    if (at >= 0) return { key: arg.slice(0, at), value: arg.slice(at + 1), last: i }
    if (SWITCHES.has(arg)) return { key: arg, last: i }
    return withValue(arg, args, i)
  }
  for (let at = 1; at < arg.length; at += 1) {
    if (SHORT_SWITCHES.includes(arg[at]!)) continue
    const key = `-${arg[at]}`
    if (at === arg.length - 1) return withValue(key, args, i)
    return { key, value: arg.slice(at + 1).replace(/^=/, ''), last: i }
  }
  return { key: arg, last: i }
}

function withValue(key: string, args: readonly string[], i: number) {
  const value = args[i + 1]
  return value === undefined ? { key, last: i } : { key, value, last: i + 1 }
}

function readImage(reference: string): { image: string; tag?: string } | undefined {
  const found = /^([a-z0-9][\w.:/-]*?)(?::([\w][\w.-]{0,127}))?(?:@sha256:[0-9a-f]+)?$/.exec(reference)
  if (!found) return undefined
  const [, path, tag] = found
  const image = path!.replace(/^(?:index\.)?docker\.io\//, '').replace(/^library\//, '')
  return { image, ...(tag !== undefined && { tag }) }
}
