import type { Mode } from '../config/registry.ts'
import { fingerprint } from '../hash.ts'
import type { CatalogEntry } from '../launch/catalog.ts'
import type { ResolvedCommand } from '../launch/resolve.ts'
import { canonicalJson, capabilityNames, withoutCapabilities } from '../protocol/capabilities.ts'

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

/** Fingerprint of the process and of how it was greeted: protocol version and client capabilities, not the client's name. */
export function poolKey(processPart: string, greetings: Greetings): string {
  const params = JSON.parse(greetings.paramsText) as { protocolVersion?: unknown; capabilities?: unknown }
  return fingerprint([
    processPart,
    JSON.stringify(params.protocolVersion ?? null),
    canonicalJson(JSON.stringify(params.capabilities ?? {})),
  ])
}
