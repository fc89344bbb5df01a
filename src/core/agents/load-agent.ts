import { MyceliumError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import type { AgentDefinition } from './definition.ts'

/** What a session holds already: texts by their hashes, as they were given to it. */
export type Held = ReadonlyMap<string, string>

/**
 * How one text is told to somebody who has another: undefined where that would not be shorter. Whoever has the differ hands it in (core/diff); without one a
 * definition that has changed is given whole.
 */
export type DiffText = (before: string, after: string) => string | undefined

/** An answer to load_agent. */
export interface LoadedAgent {
  readonly definition: AgentDefinition
  /** `unchanged`: the session has it, and `text` says so. `diff`: against what it has under `base`. */
  readonly form: 'whole' | 'unchanged' | 'diff'
  readonly text: string
  /** Hash of what the diff is against. */
  readonly base: string | undefined
}

/** What a session asks by. */
export interface LoadRequest {
  readonly name: string
  readonly client?: string
  /** Nothing by default. */
  readonly held?: Held
  /** Hash of the definition under this name that the session was given last. */
  readonly former?: string
  readonly diff?: DiffText
}

/** The definition of an agent by its name, or what the session is missing of it. Throws unknown_agent. */
export function loadAgent(
  definitions: readonly AgentDefinition[],
  { name, client, held, former, diff }: LoadRequest,
): LoadedAgent {
  const ours = definitions.filter((one) => !one.shadowed && (client === undefined || one.client === client))
  const definition = ours.find((one) => one.name === name)
  if (definition === undefined) {
    const meant = nearest(
      name,
      ours.map((one) => one.name),
    )
    throw new MyceliumError(
      'unknown_agent',
      `no agent ${name}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    )
  }
  const { hash, text } = definition
  // By the text itself, not its hash alone: what is said to be held is held.
  if (held?.get(hash) === text)
    return {
      definition,
      form: 'unchanged',
      text: `The definition of ${name} that you have (${hash}) is unchanged.\n`,
      base: hash,
    }
  const before = former === undefined ? undefined : held?.get(former)
  const changes = before === undefined ? undefined : diff?.(before, text)
  if (changes !== undefined && changes.length < text.length)
    return { definition, form: 'diff', text: changes, base: former }
  return { definition, form: 'whole', text, base: undefined }
}
