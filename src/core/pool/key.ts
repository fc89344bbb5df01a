import type { Mode } from '../config/registry.ts'
import { MyceliumError } from '../errors.ts'
import { fingerprint } from '../hash.ts'
import type { CatalogEntry } from '../launch/catalog.ts'
import type { ResolvedCommand } from '../launch/resolve.ts'
import { canonicalJson, capabilityNames, withoutCapabilities } from '../protocol/capabilities.ts'
import { findMember, skipSpace } from '../protocol/json-text.ts'

/** Everything that decides which process a session would have started by itself, before its first message. */
export interface Profile {
  readonly server: string
  readonly name: string
  readonly mode: Mode
  readonly why: string
  readonly by: 'user' | 'catalog' | 'default'
  readonly entry: CatalogEntry | undefined
  readonly file: string
  /** What was found behind the command: see resolve.ts. */
  readonly how: ResolvedCommand['how']
  readonly args: readonly string[]
  readonly cwd: string
  readonly cwdMatters: boolean
  /** What the process is started with. */
  readonly spawnEnv: Readonly<Record<string, string>>
  /** The part of it that must be equal for two sessions to share. */
  readonly keyEnv: Readonly<Record<string, string>>
  /** A second process beside the first does no harm: it owns no file, port or container name. */
  readonly spareable: boolean
  /** Values never to appear in logs. */
  readonly secrets: readonly string[]
}

/** How a pool greets its processes, derived from the first session's `initialize`. */
export interface Greetings {
  /** Params text of the `initialize` that processes get. */
  readonly paramsText: string
  /** The server may ask for roots, and gets those of the sessions that use the process. */
  readonly rootsOffered: boolean
  /** The server may ask a person or a model (elicitation, sampling): one session at a time. */
  readonly interactive: boolean
}

/** Client capabilities by which a server may send requests that only the causing session can answer. */
const INTERACTIVE = ['sampling', 'elicitation', 'tasks']

/**
 * What a pool of this mode tells its processes of the client's capabilities.
 * `session`: all of them. `call`: all but roots that a reviewed server never asks for. `shared`: none that need an owner.
 */
export function greetingsFor(profile: Profile, initializeParamsText: string): Greetings {
  const names = capabilityNames(initializeParamsText)
  const usesRoots = profile.entry?.roots ?? true
  if (profile.mode === 'session') {
    return { paramsText: initializeParamsText, rootsOffered: false, interactive: true }
  }
  const rootsOffered = usesRoots && names.includes('roots')
  const removed = [...(rootsOffered ? [] : ['roots']), ...(profile.mode === 'shared' ? INTERACTIVE : [])]
  const paramsText = withoutCapabilities(initializeParamsText, removed)
  const interactive = profile.mode === 'call' && names.some((name) => INTERACTIVE.includes(name))
  return { paramsText, rootsOffered, interactive }
}

/** Fingerprint of the process alone: two sessions with the same would have started the same program in the same place. */
export function processKey(profile: Profile): string {
  const env = Object.keys(profile.keyEnv)
    .sort()
    .flatMap((name) => [name, profile.keyEnv[name] as string])
  const cwd = profile.cwdMatters ? profile.cwd : ''
  return fingerprint([
    profile.server,
    profile.mode,
    cwd,
    profile.file,
    String(profile.args.length),
    ...profile.args,
    ...env,
  ])
}

/**
 * Fingerprint of the process and of how it was greeted: protocol version and client capabilities, not the client's name.
 * Throws bad_params for params that are no JSON.
 */
export function poolKey(processPart: string, { paramsText }: Greetings): string {
  try {
    JSON.parse(paramsText)
  } catch (cause) {
    throw new MyceliumError('bad_params', `params of initialize: ${(cause as Error).message}`, { cause })
  }
  // Of the text as it is: printing a value again takes a stack as deep as it is nested.
  const line = Buffer.from(paramsText)
  const canonical = (key: string, absent: string): string => {
    const range = findMember(line, skipSpace(line, 0), key)
    const text = range === undefined ? 'null' : line.toString('utf8', range.start, range.end)
    return text === 'null' ? absent : canonicalJson(text)
  }
  return fingerprint([processPart, canonical('protocolVersion', 'null'), canonical('capabilities', '{}')])
}
