import { isUtf8 } from 'node:buffer'
import { MyceliumError } from '../errors.ts'
import { recordsIn } from '../hex-records.ts'

/**
 * The first line of every connection, paired with relay.c, launcher.sh and relay.mjs of templates/:
 * `mycelium-hello 1 <hex>` (a relay follows), `mycelium-ticket 1 <hex>` (the relay cannot prepend bytes and asks for a
 * socket of its own) or `mycelium-control 1` (a command line).
 * The hex holds NUL-separated records: header `key=value` records, one empty record, then the environment.
 */
export interface Hello {
  readonly kind: 'hello' | 'ticket'
  readonly server: string
  readonly client: string
  readonly cwd: string
  readonly relay: string
  readonly pid: number
  /** Of the client, for whoever wants to make calls in the name of its session with this server; undefined for a session of its own. */
  readonly guestOf?: number
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** What of it is not UTF-8, and so cannot be given to a process: `cwd`, `arg`, or `env NAME`. */
  readonly notUtf8: ReadonlySet<string>
}

/** Throws not_utf8 for a session whose server would get another directory, argument or declared variable than the agent gave. */
export function refuseUnlessUtf8(hello: Hello, envNames: readonly string[]): void {
  for (const name of ['cwd', 'arg', ...envNames.map((one) => `env ${one}`)])
    if (hello.notUtf8.has(name)) throw new MyceliumError('not_utf8', `${hello.server}: ${name} is not UTF-8`)
}

/** The line by which a relay says that the agent closed its end but still reads. */
export const EOF_MARKER = 'mycelium-eof'

/** Parses the first line of a connection. Throws bad_hello. */
export function parseFirstLine(line: Buffer): Hello | { readonly kind: 'control' } {
  const [word, version, hex = ''] = line.toString('latin1').trimEnd().split(' ')
  if (version !== '1')
    throw new MyceliumError('bad_hello', `unknown greeting version ${JSON.stringify(version)}`)
  if (word === 'mycelium-control') return { kind: 'control' }
  if (word === 'mycelium-hello') return parseRecords('hello', hex)
  if (word === 'mycelium-ticket') return parseRecords('ticket', hex)
  throw new MyceliumError('bad_hello', 'the first line is no mycelium greeting')
}

function parseRecords(kind: Hello['kind'], hex: string): Hello {
  const { header, argv, env, bytes } = recordsIn(hex)
  const server = header.get('server')
  const cwd = header.get('cwd')
  const guestOf = Number(header.get('guest'))
  if (!server || !cwd) throw new MyceliumError('bad_hello', 'the greeting names no server or no directory')
  return {
    kind,
    server,
    client: header.get('client') ?? 'unknown',
    cwd,
    relay: header.get('relay') ?? 'unknown',
    pid: Number(header.get('pid') ?? 0),
    ...(guestOf > 0 && { guestOf }),
    argv,
    env,
    notUtf8: isUtf8(bytes) ? NONE : namesNotUtf8(bytes),
  }
}

const NONE: ReadonlySet<string> = new Set()

function namesNotUtf8(bytes: Buffer): ReadonlySet<string> {
  const names = new Set<string>()
  let inHeader = true
  for (const text of bytes.toString('latin1').split('\0')) {
    const record = Buffer.from(text, 'latin1')
    if (inHeader && text === '') inHeader = false
    else if (!isUtf8(record)) {
      const name = record.subarray(0, Math.max(0, record.indexOf('='))).toString('utf8')
      names.add(inHeader ? name : `env ${name}`)
    }
  }
  return names
}
