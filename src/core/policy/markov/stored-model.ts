import type { Calibration } from './calibration.ts'
import { Contexts, type StoredContexts } from './contexts.ts'
import { SERVER_FEATURES, TOOL_FEATURES } from './features.ts'
import type { Knowledge } from './knowledge.ts'
import type { Model } from './model.ts'
import type { ToolText } from './traffic.ts'
import { Vocabulary } from './vocabulary.ts'

/** Raised when features or counts change their meaning: a model of another version is trained again. */
export const MODEL_VERSION = 1
/** Largest model as JSON, in bytes. */
export const MAX_MODEL_BYTES = 5_000_000

/** A model as JSON. */
export interface StoredModel {
  readonly version: number
  readonly servers: readonly string[]
  /** Number of the server, name. */
  readonly tools: readonly (readonly [number, string])[]
  readonly texts: readonly (readonly [number, string])[]
  readonly contexts: Readonly<Record<Counted, StoredContexts>>
  readonly weights: { readonly tools: readonly number[]; readonly servers: readonly number[] }
  readonly calibration: Calibration
  readonly calls: number
  readonly sessions: number
}

const COUNTED = ['tools', 'servers', 'topics', 'debuts'] as const
type Counted = (typeof COUNTED)[number]

/** Counts that are kept at first, of each kind; fewer where the file would be too large. */
const MAX_COUNTS = 400_000

/** A model as JSON of at most MAX_MODEL_BYTES: the rarest counts are left out first. `rest` is what is kept beside it. */
export function modelText(model: Model, rest: object, maxBytes = MAX_MODEL_BYTES): string {
  for (let counts = MAX_COUNTS; ; ) {
    const text = `${JSON.stringify({ ...stored(model, counts), ...rest })}\n`
    const bytes = Buffer.byteLength(text)
    if (bytes <= maxBytes || counts < 1) return text
    counts = Math.floor(counts * Math.min(0.8, (0.9 * maxBytes) / bytes))
  }
}

function stored(
  { knowledge, texts, weights, calibration, calls, sessions }: Model,
  counts: number,
): StoredModel {
  const { vocabulary } = knowledge
  const of = (name: Counted) => knowledge[name].store(counts)
  return {
    version: MODEL_VERSION,
    servers: vocabulary.servers,
    tools: vocabulary.tools.map(({ server, name }) => [server, name] as const),
    texts: texts.map(
      ({ server, tool, description }) => [vocabulary.idOf(server, tool)!, description] as const,
    ),
    contexts: { tools: of('tools'), servers: of('servers'), topics: of('topics'), debuts: of('debuts') },
    weights,
    calibration,
    calls,
    sessions,
  }
}

/** The model that JSON holds; undefined where it is not one of this version. */
export function modelOf(value: unknown): Model | undefined {
  if (!isStored(value)) return undefined
  const vocabulary = new Vocabulary()
  for (const [server, name] of value.tools) vocabulary.add(value.servers[server]!, name)
  const knowledge = {
    vocabulary,
    ...(Object.fromEntries(COUNTED.map((name) => [name, Contexts.from(value.contexts[name])])) as Record<
      Counted,
      Contexts
    >),
  } satisfies Knowledge
  const texts = value.texts.map(([id, description]): ToolText => {
    const { server, name } = vocabulary.tools[id]!
    return { server: vocabulary.servers[server]!, tool: name, description }
  })
  const { weights, calibration, calls, sessions } = value
  return { knowledge, texts, weights, calibration, calls, sessions }
}

function isStored(value: unknown): value is StoredModel {
  if (typeof value !== 'object' || value === null) return false
  const { version, servers, tools, texts, contexts, weights, calibration } = value as Partial<StoredModel>
  return (
    version === MODEL_VERSION &&
    [servers, tools, texts, calibration].every(Array.isArray) &&
    servers!.every(isText) &&
    // What is no list has no first: `Object` takes anything.
    tools!.map(Object).every(({ 0: server, 1: name }) => servers![server] !== undefined && isText(name)) &&
    texts!.map(Object).every(({ 0: id, 1: text }) => tools![id] !== undefined && isText(text)) &&
    calibration!.map(Object).every((step) => areNumbers([step.upTo, step.probability, step.atLeast])) &&
    areNumbers(weights?.tools, TOOL_FEATURES.length) &&
    areNumbers(weights?.servers, SERVER_FEATURES.length) &&
    COUNTED.every((name) => areNumbers(contexts?.[name]?.nodes))
  )
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

function areNumbers(value: unknown, length?: number): boolean {
  return (
    Array.isArray(value) && value.every(Number.isFinite) && (length === undefined || value.length === length)
  )
}
