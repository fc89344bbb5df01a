/** What a shortened text lost, and where: `line` counts from 1, in the original. */
export interface Lost {
  readonly kind:
    | 'sentence'
    | 'number'
    | 'unit'
    | 'negation'
    | 'path'
    | 'identifier'
    | 'hash'
    | 'url'
    | 'code'
    | 'role'
    | (string & {})
  readonly text: string
  readonly line: number
}

/** What a judge says of a shortened text. Similarities are cosines, 0 to 1; facts are counted. */
export interface Verdict {
  readonly pass: boolean
  /** What judged: `none` where nothing could read meaning. */
  readonly tier: 'native' | 'wasm' | 'static' | 'none'
  readonly similarity: number
  readonly coverage: { readonly mean: number; readonly p5: number; readonly min: number }
  readonly lost: readonly Lost[]
  readonly facts: { readonly kept: number; readonly lost: number }
}

/** What a judge may be told besides the two texts. */
export interface JudgeOptions {
  /** Lines of the original that are left out under a mark that names them: one `expand` away, and said to be. */
  readonly leftOut?: readonly { readonly from: number; readonly to: number }[]
  /** Of these, lines of which nothing at all stands in the compressed text: none of its lines may stand for one of them. */
  readonly gone?: readonly { readonly from: number; readonly to: number }[]
  readonly signal?: AbortSignal
}

/** Compares a text with what it was shortened to. Rejects where it cannot judge. */
export type Judge = (original: string, compressed: string, options?: JudgeOptions) => Promise<Verdict>
