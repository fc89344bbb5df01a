import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Paths } from '../config/paths.ts'
import { MyceliumError } from '../errors.ts'

/** What one launcher embeds. */
export interface LauncherParts {
  readonly id: string
  /** Command and arguments as in the client's config, unexpanded. */
  readonly argv: readonly string[]
  readonly paths: Paths
  readonly nodePath: string
  readonly daemonScript: string
  /** relay.mjs of the package; the template lies beside it. */
  readonly relayScript: string
  /** The compiled relay; none when absent. */
  readonly relayBinary?: string | undefined
  /** How long a launcher waits for a daemon that is starting. Default 10. */
  readonly startSeconds?: number
  /** How long it waits for the daemon's answer to its hello. Default 5. */
  readonly ackSeconds?: number
}

/** The text of any server's launcher on this machine, as init writes it; `packageDir` holds templates/ and dist/. */
export function launcherTextFor(
  paths: Paths,
  nodePath: string,
  packageDir: string,
  relayBinary: string | undefined,
): (server: { readonly id: string; readonly argv: readonly string[] }) => string {
  return ({ id, argv }) =>
    renderLauncher({
      id,
      argv,
      paths,
      nodePath,
      daemonScript: join(packageDir, 'dist/daemon.js'),
      relayScript: join(packageDir, 'templates/relay.mjs'),
      relayBinary,
    })
}

// ${VAR} and ${VAR:-x} (most clients), ${input:x} and ${env:X} (VS Code), {env:X} and {file:X} (opencode).
const CLIENT_SIDE_EXPANSION = /\$\{[^}]*\}|\{(?:env|file):[^}]*\}/

/** True when only the client can fill in what these arguments mean. */
export function hasClientSideExpansion(argv: readonly string[]): boolean {
  return argv.some((arg) => CLIENT_SIDE_EXPANSION.test(arg))
}

/** One sh word that means exactly `text`. Throws config_invalid for NUL, which no argument can hold. */
export function shellQuote(text: string): string {
  if (text.includes('\0')) throw new MyceliumError('config_invalid', 'an argument holds a NUL byte')
  const quoted = text.replaceAll("'", "'\\''")
  // No line of the file may begin with #! by accident: perl -x would start there.
  return `'${quoted.replaceAll('\n#', "\n''#")}'`
}

/** The text of a launcher: one self-contained sh file. Throws config_invalid when a value cannot be embedded. */
export function renderLauncher(parts: LauncherParts): string {
  if (parts.argv.length === 0) throw new MyceliumError('config_invalid', `${parts.id}: the command is empty`)
  const { paths } = parts
  const values: Readonly<Record<string, string>> = {
    id: shellQuote(parts.id),
    root: shellQuote(paths.root),
    run: shellQuote(paths.run),
    log: shellQuote(paths.log),
    socket: shellQuote(paths.socket),
    node: shellQuote(parts.nodePath),
    daemon: shellQuote(parts.daemonScript),
    relay: shellQuote(parts.relayScript),
    relayBinary: shellQuote(parts.relayBinary ?? ''),
    startSeconds: String(parts.startSeconds ?? 10),
    ackSeconds: String(parts.ackSeconds ?? 8),
    name: parts.id.replaceAll('\n', ' '),
    default: defaultCommand(parts),
  }
  const template = readFileSync(join(dirname(parts.relayScript), 'launcher.sh'), 'utf8')
  return template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name]
    if (value === undefined) throw new MyceliumError('internal', `launcher.sh has an unknown field ${name}`)
    return value
  })
}

function defaultCommand({ id, argv, paths }: LauncherParts): string {
  if (!hasClientSideExpansion(argv)) return `set -- ${argv.map(shellQuote).join(' ')}`
  const usage = `${join(paths.launchers, id)} --client=ID COMMAND ARGS…`
  const line = `mycelium: the arguments of ${id} hold variables that only its client fills in; run: ${usage}`
  return `printf '%s\\n' ${shellQuote(line)} >&2 && exit 2`
}
