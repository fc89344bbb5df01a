/** A read that an agent asks for. Names are hashes: nothing of the file is in it. */
export interface Ask {
  readonly kind: 'ask'
  /** Sub-agents have a context of their own; empty for the main one. */
  readonly context: string
  readonly file: string
  /** Of the whole file. */
  readonly content: string
  /** Lines that are wanted, both included. */
  readonly from: number
  readonly to: number
  /** No range was named. */
  readonly whole: boolean
  /** The file has more tokens than its budget, and an outline of it is worth a second question. */
  readonly over: boolean
  /** The user lets a read be answered by "unchanged". */
  readonly mayPoint: boolean
  /** The client itself answers that it gave this before. */
  readonly stub: boolean
}

/**
 * What was asked and what happened, in order. `edit`: the agent wrote the file, so what it read before is no longer what it has. `reset`: what was
 * read may have left the agent's context.
 */
export type Happening =
  | Ask
  | {
      readonly kind: 'edit'
      readonly context: string
      readonly file: string
      /** Lines that it wrote, as they were counted then; absent where the client does not say. */
      readonly lines?: readonly [from: number, to: number]
    }
  | { readonly kind: 'reset' }

/**
 * The answer to a read. `whole`: as the client gives it. `outline`: in part. `again` and `part`: the whole, or lines, of a file that was shown in
 * part, or pointed to, before. `point`: the same text is in the context already. `stub`: the client says so itself, and it is true.
 */
export type Answer = 'whole' | 'outline' | 'again' | 'part' | 'point' | 'stub'

interface Known {
  /** Nothing is known: what the client says of before is of a time when nobody was asked. */
  isBlank: boolean
  outlined: boolean
  /** The agent wanted all of it: never an outline again in this session. */
  insisted: boolean
  /** What `given` is of. */
  content: string
  /** Ranges that are in the context as text. */
  readonly given: Set<string>
  /** Ranges whose last answer was that they are there. */
  readonly pointed: Set<string>
}

/**
 * What a read is answered by, after all that happened before it in the session. A pure fold: of parallel hooks, each sees what stands before its
 * own line and so all agree on whose outline was first. The first read of the whole of a file over its budget is answered by an outline, once in
 * a context; every other is granted, ranges always. The same lines of the same content are pointed to only right after they were given as
 * text, and given when asked for once more.
 */
export function answerTo(before: readonly Happening[], ask: Ask): Answer {
  const known: Known = {
    ...{ isBlank: true, outlined: false, insisted: false, content: '' },
    ...{ given: new Set(), pointed: new Set() },
  }
  for (const happening of before) {
    if (happening.kind === 'reset') {
      known.outlined = false
      forget(known)
    } else if (happening.context === ask.context && happening.file === ask.file) {
      if (happening.kind === 'ask') step(known, happening)
      else forget(known)
    }
  }
  return step(known, ask)
}

function forget(known: Known): void {
  known.isBlank = false
  known.given.clear()
  known.pointed.clear()
}

function step(known: Known, ask: Ask): Answer {
  const range = `${ask.from}-${ask.to}`
  // The client gave it as text: nothing of ours was in its way.
  if (known.isBlank && ask.stub) {
    known.given.add(range)
    known.insisted = ask.whole
  } else if (ask.content !== known.content) forget(known)
  known.isBlank = false
  known.content = ask.content
  if (known.given.has(range)) {
    if (ask.stub) return 'stub'
    if (ask.mayPoint && !known.pointed.has(range)) {
      known.pointed.add(range)
      return 'point'
    }
    if (known.pointed.delete(range)) return ask.whole ? 'again' : 'part'
  }
  if (ask.whole && ask.over && !known.outlined && !known.insisted) {
    known.outlined = true
    return 'outline'
  }
  const answer = known.outlined && !known.insisted ? (ask.whole ? 'again' : 'part') : 'whole'
  if (ask.whole) known.insisted = true
  known.given.add(range)
  return answer
}
