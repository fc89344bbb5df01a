/** A text as it was given, and when. */
export interface Given {
  /** textHash(). */
  readonly version: string
  readonly turn: number
}

/** What a context holds of one source. */
export interface Held {
  /** The last that was given as text. */
  readonly full: Given
  /** What it holds by that text and the patches since; the same as `full` where there were none. */
  readonly last: Given
  /** Patches since the text. */
  readonly patches: number
  /** How it was answered last, and for which version: whoever asks for the same again wants the text. */
  readonly answered: 'full' | 'patch' | 'same'
}

/** What the agents of one session hold, by context: the main one, and one for each sub-agent. A plain value; `happened` makes the next one. */
export type Seen = ReadonlyMap<string, Context>

interface Context {
  /** Tokens of its last request; undefined where nobody has said. */
  readonly tokens: number | undefined
  /** By source, with the one that was asked for longest ago first. */
  readonly held: ReadonlyMap<string, Held>
}

/** What may be known of a session at once. */
export interface SeenBounds {
  readonly sources: number
  readonly contexts: number
}

/** Sources of a context, and contexts of a session; those that were used longest ago are forgotten first. */
const SEEN_BOUNDS: SeenBounds = { sources: 512, contexts: 64 }

/**
 * What happens to a session. `given`: a text was sent, as itself, as a patch against what was held, or as the word that it is the same. `lost`: what
 * a context held may have left it (compaction, clearing, going back, a session that goes on elsewhere); without a context, all of them. `size`: tokens of
 * a context's last request: it only grows, so when it falls something left it, and nobody says what. `unsure`: something else was sent in
 * the place of a source.
 */
export type Happening =
  | {
      readonly kind: 'given'
      readonly context: string
      readonly source: string
      readonly version: string
      readonly turn: number
      readonly as: Held['answered']
    }
  | { readonly kind: 'lost'; readonly context?: string }
  | { readonly kind: 'size'; readonly context: string; readonly tokens: number }
  | { readonly kind: 'unsure'; readonly context: string; readonly source: string }

/** A session of which nothing is known. */
export function nothingSeen(): Seen {
  return new Map()
}

/** What a session holds after that. A patch, or the word that nothing changed, for a source of which nothing is held is no text: still nothing is. */
export function happened(seen: Seen, happening: Happening, bounds: SeenBounds = SEEN_BOUNDS): Seen {
  if (happening.kind === 'lost') {
    if (happening.context === undefined) return nothingSeen()
    return without(seen, happening.context)
  }
  const before = seen.get(happening.context) ?? { tokens: undefined, held: new Map() }
  if (happening.kind === 'size') {
    const fell = before.tokens !== undefined && happening.tokens < before.tokens
    return withContext(
      seen,
      happening.context,
      { tokens: happening.tokens, held: fell ? new Map() : before.held },
      bounds,
    )
  }
  const held = new Map(before.held)
  const known = held.get(happening.source)
  // It goes to the end: the youngest.
  held.delete(happening.source)
  const now = happening.kind === 'given' ? heldAfter(known, happening) : undefined
  if (now !== undefined) held.set(happening.source, now)
  for (const [oldest] of held) {
    if (held.size <= bounds.sources) break
    held.delete(oldest)
  }
  return withContext(seen, happening.context, { ...before, held }, bounds)
}

function heldAfter(
  known: Held | undefined,
  { version, turn, as }: Extract<Happening, { kind: 'given' }>,
): Held | undefined {
  const given = { version, turn }
  if (as === 'full') return { full: given, last: given, patches: 0, answered: as }
  if (known === undefined) return undefined
  if (as === 'patch') return { ...known, last: given, patches: known.patches + 1, answered: as }
  if (version === known.last.version) return { ...known, answered: as }
  // The text that was given first is what it is again.
  return version === known.full.version ? { ...known, last: known.full, patches: 0, answered: as } : undefined
}

function without(seen: Seen, context: string): Seen {
  return new Map([...seen].filter(([name]) => name !== context))
}

function withContext(seen: Seen, name: string, context: Context, { contexts }: SeenBounds): Seen {
  return new Map([...without(seen, name), [name, context] as const].slice(-contexts))
}

/** Every version that a patch may still be made against: what a store of texts has to keep for the session. */
export function versionsHeld(seen: Seen): ReadonlySet<string> {
  const versions = new Set<string>()
  for (const { held } of seen.values())
    for (const { full, last } of held.values()) versions.add(full.version).add(last.version)
  return versions
}
