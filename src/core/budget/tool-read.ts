/** What a tool that reads files was asked for, and what it answered. */
export interface ToolRead {
  readonly file: string
  /** No lines were named. */
  readonly whole: boolean
  readonly offset: number
  readonly limit: number | undefined
  /** Text with the lines it is, or the client's own word that it gave this before and the file has not changed. */
  readonly answer:
    | { readonly content: string; readonly from: number; readonly to: number; readonly of: number }
    | 'stub'
  /** The client numbers the lines; else the answer is the file's own text, or it is none that we know. */
  readonly numbered: boolean
}
