import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { writeFileAtomic } from '../config/write-file.ts'
import { bytesIfRegular } from '../regular-file.ts'
import type { Tier } from '../verdict/model/tier.ts'

/** Meanings of texts, by key: made once, kept in a file. */
export interface Meanings {
  /** The cosine of a query and each text, null for one that is not known. */
  near(query: string, keys: readonly string[]): Promise<readonly (number | null)[]>
  /** Makes what is not known yet; `last` has it written down. */
  learn(texts: readonly { readonly key: string; readonly text: string }[], last: boolean): Promise<void>
}

/** Numbers of a vector. */
const LENGTH = 384
const KEY_BYTES = 16
const RECORD_BYTES = KEY_BYTES + LENGTH * 4
/** Texts that are remembered, 1.6 kB each; what was not asked for longest goes first. */
const MAX_KEPT = 4_000
/** As many new ones are written down even where more are to follow. */
const MAX_UNSAVED = 256

/**
 * Opens the meanings that are kept in `file`, for one tier: another model's numbers say nothing to this one. The file is a line that names
 * version and tier, then for each text 16 bytes of key and 384 floats; one that is anything else is as good as none.
 */
export function openMeanings({ name, model }: Tier, file: string): Meanings {
  const header = Buffer.from(`mycelium meanings 1 ${name}\n`)
  const vectors = model === undefined ? new Map<string, Float32Array>() : kept(file, header)
  let unsaved = 0
  const embed = async (texts: readonly string[]) => (texts.length === 0 ? [] : await model!.embed(texts))
  return {
    near: async (query, keys) => {
      const known = keys.map((key) => renewed(vectors, key))
      if (model === undefined || known.every((one) => one === undefined)) return keys.map(() => null)
      const [asked] = await embed([query])
      return known.map((vector) => (vector === undefined ? null : cosine(asked!, vector)))
    },
    learn: async (texts, last) => {
      if (model === undefined) return
      const missing = texts.filter(({ key }) => isKey(key) && !vectors.has(key))
      for (const [i, vector] of (await embed(missing.map(({ text }) => text))).entries())
        vectors.set(missing[i]!.key, vector)
      unsaved += missing.length
      for (const key of vectors.keys()) {
        if (vectors.size <= MAX_KEPT) break
        vectors.delete(key)
      }
      if (unsaved === 0 || !(last || unsaved >= MAX_UNSAVED)) return
      unsaved = 0
      keep(file, header, vectors)
    },
  }
}

function isKey(key: string): boolean {
  return new RegExp(`^[0-9a-f]{${2 * KEY_BYTES}}$`).test(key)
}

function renewed(vectors: Map<string, Float32Array>, key: string): Float32Array | undefined {
  const vector = vectors.get(key)
  if (vector === undefined) return undefined
  vectors.delete(key)
  vectors.set(key, vector)
  return vector
}

function kept(file: string, header: Buffer): Map<string, Float32Array> {
  const vectors = new Map<string, Float32Array>()
  const bytes = bytesIfRegular(file) ?? Buffer.alloc(0)
  const records = bytes.subarray(header.length)
  if (!bytes.subarray(0, header.length).equals(header) || records.length % RECORD_BYTES !== 0) return vectors
  for (let at = 0; at < records.length && vectors.size < MAX_KEPT; at += RECORD_BYTES) {
    const vector = new Float32Array(LENGTH)
    for (let k = 0; k < LENGTH; k++) vector[k] = records.readFloatLE(at + KEY_BYTES + 4 * k)
    vectors.set(records.toString('hex', at, at + KEY_BYTES), vector)
  }
  return vectors
}

/** A disk that takes nothing costs that they are made again. */
function keep(file: string, header: Buffer, vectors: ReadonlyMap<string, Float32Array>): void {
  const records = Buffer.alloc(vectors.size * RECORD_BYTES)
  let at = 0
  for (const [key, vector] of vectors) {
    records.write(key, at, 'hex')
    for (let k = 0; k < LENGTH; k++) records.writeFloatLE(vector[k]!, at + KEY_BYTES + 4 * k)
    at += RECORD_BYTES
  }
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileAtomic(file, Buffer.concat([header, records]))
  } catch {
    // Nobody waits for it here, and nothing is wrong with the answers.
  }
}

/** Of unit vectors; null for what is no number. To four digits: it goes out as text. */
function cosine(a: Float32Array, b: Float32Array): number | null {
  let sum = 0
  for (let k = 0; k < LENGTH; k++) sum += a[k]! * b[k]!
  return Number.isFinite(sum) ? Math.round(sum * 10_000) / 10_000 : null
}
