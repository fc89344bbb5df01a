import type { Context, Doc, Strategy } from './strategy.ts'

/** The document after one strategy, the same one if it does nothing, or why it cannot stand. */
export async function tried(
  strategy: Strategy,
  doc: Doc,
  target: number,
  context: Context,
): Promise<Doc | string> {
  try {
    const after = await strategy.execute(doc, target, context)
    if (after === doc) return doc
    const gone = doc.pinned.find((text) => doc.text.includes(text) && !after.text.includes(text))
    if (gone !== undefined) return 'what is pinned would change'
    return strategy.validate(doc, after, context)[0]?.message ?? after
  } catch (error) {
    return `failed: ${error instanceof Error ? error.message : String(error)}`
  }
}
