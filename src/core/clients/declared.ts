import { basename, dirname, resolve } from 'node:path'
import type { Client } from './client.ts'
import { type Problem, readConfigFiles } from './discover.ts'
import { type MapValue, textOf } from './document.ts'
import type { Entry } from './entries.ts'
import { envOf, TAKEN_OVER } from './entry.ts'
import type { ConfigFile, Where } from './places.ts'
import { CLIENTS } from './table.ts'

/** How a client would start one server: for warming it before any client does. Holds values of variables, so it goes nowhere else. */
export interface DeclaredEntry {
  /** Of the launcher, when the entry is taken over. */
  readonly id?: string
  readonly client: string
  readonly name: string
  /** The original command and arguments, variables filled in. */
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** Variables that only the client can fill in; such an entry cannot be started without it. */
  readonly unresolved: readonly string[]
}

/** Every local server entry as its client would start it here. */
export function declaredEntries(
  where: Where,
  clients: readonly Client[] = CLIENTS,
): readonly DeclaredEntry[] {
  const problems: Problem[] = []
  return readConfigFiles(where, clients, problems).flatMap(({ config, entries }) =>
    entries.flatMap((entry) => {
      const usable = entry.leave === undefined || entry.leave === TAKEN_OVER
      return usable && entry.argv.length > 0 && entry.slots
        ? [declaredOf(config, entry, entry.slots.entry, where)]
        : []
    }),
  )
}

function declaredOf(config: ConfigFile, entry: Entry, body: MapValue, where: Where): DeclaredEntry {
  // Its values are the client's to read: a warm process without them would be another process.
  const unresolved: string[] = textOf(body, 'envFile') === undefined ? [] : ['envFile']
  const expand = (text: string) => expanded(text, config, where, unresolved)
  const argv = entry.argv.map(expand)
  const env = Object.fromEntries(
    [...envOf(body, config.client)].map(([name, value]) => [name, expand(value)]),
  )
  const cwd = textOf(body, 'cwd')
  const base = entry.place[0] === 'projects' ? entry.place[1]! : (config.project ?? where.cwd)
  return {
    ...(entry.launcher === undefined ? {} : { id: basename(entry.launcher) }),
    client: config.client.id,
    name: entry.name,
    argv,
    env,
    cwd: cwd === undefined ? base : resolve(base, expand(cwd)),
    unresolved,
  }
}

/** `${VAR}`, `${VAR:-default}` and `$VAR` (shell), `${env:VAR}` and `${workspaceFolder}` (editors), `{env:VAR}` (opencode). */
function expanded(text: string, config: ConfigFile, where: Where, unresolved: string[]): string {
  const { expansion = 'none' } = config.client
  if (expansion === 'none') return text
  if (expansion === 'brace') {
    return text.replace(/\{(env|file):([^}]*)\}/g, (whole, kind: string, name: string) => {
      if (kind === 'env') return where.env[name] ?? ''
      unresolved.push(whole)
      return whole
    })
  }
  const project = config.project ?? dirname(config.file)
  const editor: Readonly<Record<string, string>> = {
    workspaceFolder: project,
    userHome: where.home,
    pathSeparator: '/',
  }
  return text.replace(/\$\{([^}]*)\}/g, (whole, inner: string) => {
    const [, name = '', fallback] = /^(?:env:)?([A-Za-z_]\w*)(?::-(.*))?$/s.exec(inner) ?? []
    const isVariable = name !== '' && (expansion === 'shell' || inner.startsWith('env:'))
    const value = isVariable ? (where.env[name] ?? fallback) : editor[inner]
    if (value !== undefined) return value
    unresolved.push(whole)
    return whole
  })
}
