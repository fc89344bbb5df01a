import type { ServerDef } from '../config/registry.ts'
import { modeOf } from '../launch/catalog.ts'
import { keyEnvironment, spawnEnvironment } from '../launch/environment.ts'
import { resolveCommand } from '../launch/resolve.ts'
import { cwdMatters } from '../launch/working-directory.ts'
import type { Profile } from './key.ts'

/** Where and with what an agent would have started the server. */
export interface Origin {
  readonly argv: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

/** Shortest value that is taken for a secret: shorter ones would blank out half a log. */
const MIN_SECRET_LENGTH = 6
const SECRET_NAME = /KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH|COOKIE|PRIVATE|DSN/i

/** What the agent would have started, and what of it decides about sharing. Throws server_command_missing. */
export function profileOf(def: ServerDef, origin: Origin): Profile {
  const { cwd, env } = origin
  const argv = origin.argv.length > 0 ? origin.argv : def.argv
  const { mode, why, by, entry } = modeOf(argv, def.mode, { cwd, env })
  const keyEnv = keyEnvironment(entry, def.envNames, env, argv)
  const command = resolveCommand({ argv, cwd, env })
  const spawnEnv = spawnEnvironment([...def.envNames, ...(entry?.env ?? [])], env, cwd)
  const path =
    command.binDir === undefined ? spawnEnv.PATH : [command.binDir, spawnEnv.PATH].filter(Boolean).join(':')
  return {
    server: def.id,
    name: def.name,
    mode,
    why,
    by,
    entry,
    file: command.file,
    how: command.how,
    args: command.args,
    cwd,
    cwdMatters: cwdMatters(entry, argv, keyEnv, cwd),
    spawnEnv: path === undefined ? spawnEnv : { ...spawnEnv, PATH: path },
    keyEnv,
    secrets: secretsIn(env, def.envNames),
    spareable: entry?.max !== 1 && !argv.includes('--name') && !argv.some((arg) => arg.startsWith('--name=')),
  }
}

/** Longest first: one may hold another. */
function secretsIn(env: Readonly<Record<string, string>>, declared: readonly string[]): readonly string[] {
  const values = Object.entries(env)
    .filter(([name]) => declared.includes(name) || SECRET_NAME.test(name))
    .flatMap(([, value]) => writtenForms(value))
  return [...new Set(values)]
    .filter((text) => text.length >= MIN_SECRET_LENGTH)
    .sort((a, b) => b.length - a.length)
}

/** How a program may write a value: as it is, line by line (a log has no longer unit), as JSON, in a URL. */
function writtenForms(value: string): readonly string[] {
  const lines = value.split(/[\r\n]+/).map((line) => line.trim())
  return [value, ...lines].flatMap((text) => {
    const json = JSON.stringify(text).slice(1, -1)
    const url = encodeURIComponent(Buffer.from(text).toString())
    const strict = url.replace(/[!'()*]/g, (mark) => `%${hexOf(mark, 2).toUpperCase()}`)
    return [
      text,
      json,
      json.replaceAll('/', '\\/'),
      json.replace(/[^ -~]/g, (unit) => `\\u${hexOf(unit, 4)}`),
      url,
      strict,
      strict.replaceAll('%20', '+'),
      strict.replaceAll('%2F', '/'),
    ]
  })
}

function hexOf(character: string, digits: number): string {
  return character.charCodeAt(0).toString(16).padStart(digits, '0')
}

/** The text with every secret value blanked out. */
export function redact(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text)
}
