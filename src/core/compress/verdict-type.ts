/** Something of the original that a reader of the compressed text cannot have: what kind of thing, its text, and its line in the original, from 1. */
export interface Lost {
  readonly kind: string
  readonly text: string
  readonly line: number
}

/** What the gate says of one compression. Similarities are cosines, 1 for what did not change. */
export interface Verdict {
  readonly pass: boolean
  /** Which model judged; with none a step that loses anything never passes. */
  readonly tier: 'native' | 'wasm' | 'static' | 'none'
  readonly similarity: number
  /** Of each sentence of the original, its best match in the compressed text. */
  readonly coverage: { readonly mean: number; readonly p5: number; readonly min: number }
  readonly lost: readonly Lost[]
  readonly facts: { readonly kept: number; readonly lost: number }
}
