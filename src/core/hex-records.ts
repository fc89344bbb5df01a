import { MyceliumError } from './errors.ts'

/** What a program says of itself in the first line of a connection: what it is and wants, its words, its environment. */
export interface Records {
  readonly header: ReadonlyMap<string, string>
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** All of it, as it was before it became hex. */
  readonly bytes: Buffer
}

/** Longest first line: an environment of 2 MiB in hex. */
export const MAX_FIRST_LINE_BYTES = 4 * 1024 * 1024

/**
 * Reads NUL-separated records in hex: header `key=value` records, one empty record, then the environment. Pairs with say() in templates/relay.c, with
 * templates/launcher.sh, quiet.sh and relay.mjs. Throws bad_hello.
 */
export function recordsIn(hex: string): Records {
  if (hex.length % 2 !== 0 || /[^0-9a-f]/.test(hex))
    throw new MyceliumError('bad_hello', 'the greeting is not hex')
  const bytes = Buffer.from(hex, 'hex')
  const header = new Map<string, string>()
  const argv: string[] = []
  const env: Record<string, string> = {}
  let inHeader = true
  for (const record of bytes.toString('utf8').split('\0')) {
    const equals = record.indexOf('=')
    if (inHeader && record === '') inHeader = false
    else if (equals > 0) {
      const name = record.slice(0, equals)
      const value = record.slice(equals + 1)
      if (!inHeader) env[name] = value
      else if (name === 'arg') argv.push(value)
      else header.set(name, value)
    }
  }
  return { header, argv, env, bytes }
}
