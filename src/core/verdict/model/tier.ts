import { join } from 'node:path'
import type { Verdict } from '../../compress/verdict-type.ts'
import { type Embed, toUnit } from './embed.ts'
import { findModel, importFrom, requireFrom } from './find.ts'
import { nativeEmbed, type Runtime } from './native.ts'
import { screenEmbed } from './screen.ts'
import { loadTables } from './tables.ts'
import type { Vocabulary } from './wordpiece.ts'

/** A model, or nothing, that says how alike texts are. */
export interface Tier {
  readonly name: Verdict['tier']
  /** Absent without weights. */
  readonly model?: { readonly embed: Embed; readonly vocabulary: Vocabulary }
}

/** Where to look, and what to leave out. */
export interface TierOptions {
  /** Directory of the state's models: the graph is kept there. */
  readonly models: string
  /** Only this one; undefined: the best that works. */
  readonly only?: Verdict['tier']
  /** Directory with the package.json whose packages are used; this package by default. */
  readonly root?: string
}

/** What is used of @lat.md/embed. */
interface Wasm {
  createEmbedder(config: { model: object }): Promise<{ embed(texts: readonly string[]): Promise<number[][]> }>
}

/** Opens the best tier of this machine: native, else WebAssembly, else the table, else none. Never throws for what is not there. */
export async function openTier({ models, only, root }: TierOptions): Promise<Tier> {
  const require = requireFrom(root)
  const files = only === 'none' ? undefined : findModel(require)
  if (files === undefined) return { name: 'none' }
  const { tables, weights } = loadTables(files)
  const { vocabulary } = tables
  const wants = (name: Verdict['tier']) => only === undefined || only === name
  if (wants('native')) {
    const runtime = await importFrom<Runtime & { default?: Runtime }>(require, 'onnxruntime-node')
    if (runtime !== undefined) {
      const embed = await nativeEmbed(runtime.default ?? runtime, weights, tables, join(models, GRAPH)).catch(
        () => undefined,
      )
      if (embed !== undefined) return { name: 'native', model: { embed, vocabulary } }
    }
  }
  if (wants('wasm')) {
    const library = await importFrom<Wasm>(require, '@lat.md/embed')
    const model = {
      id: 'minilm-l6-v2',
      dimensions: 384,
      maxTokens: 256,
      pooling: 'mean',
      normalize: true,
      weightsPath: files.weights,
      tokenizerPath: files.tokenizer,
      configPath: files.config,
    }
    const embedder = await library?.createEmbedder({ model }).catch(() => undefined)
    if (embedder !== undefined) {
      const embed: Embed = async (texts) =>
        (await embedder.embed([...texts])).map((one) => toUnit(Float32Array.from(one)))
      return { name: 'wasm', model: { embed, vocabulary } }
    }
  }
  return only === 'native' || only === 'wasm'
    ? { name: 'none' }
    : { name: 'static', model: { embed: screenEmbed(tables), vocabulary } }
}

/** Pairs with isModelName in config/own-names.ts. The number is that of the graph's make: another one is another file. */
const GRAPH = 'minilm-int8-1.onnx'
