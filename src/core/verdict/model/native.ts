import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { writeFileAtomic } from '../../config/write-file.ts'
import { hasErrno } from '../../errors.ts'
import { type Embed, encoderEmbed, type Tables } from './embed.ts'
import { encoderGraph, HIDDEN } from './graph.ts'
import type { Weights } from './weights.ts'

/** What is used of onnxruntime-node. */
export interface Runtime {
  readonly InferenceSession: {
    create(
      model: Uint8Array,
      options: object,
    ): Promise<{ run(feeds: object): Promise<Record<string, { data: unknown }>> }>
  }
  readonly Tensor: new (type: string, data: Float32Array, dims: readonly number[]) => unknown
}

const DIGEST_BYTES = 32

/** The model in 8 bits on the processor's own instructions; its graph is made once from the weights and kept in `cache`. */
export async function nativeEmbed(
  runtime: Runtime,
  weights: Weights,
  tables: Tables,
  cache: string,
): Promise<Embed> {
  const graph = keptGraph(cache) ?? makeGraph(weights, cache)
  const session = await runtime.InferenceSession.create(graph, {
    // A second thread waits in a busy loop, which on a machine that builds or tests makes both slower.
    intraOpNumThreads: 2,
    interOpNumThreads: 1,
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  })
  return encoderEmbed(tables, async (x, mask, batch, pieces) => {
    const { y } = await session.run({
      x: new runtime.Tensor('float32', x, [batch, pieces, HIDDEN]),
      mask: new runtime.Tensor('float32', mask, [batch, 1, 1, pieces]),
    })
    return y!.data as Float32Array
  })
}

/** The file's own SHA-256 stands before the graph: one that was cut short or changed is made anew. */
function keptGraph(cache: string): Buffer | undefined {
  try {
    const bytes = readFileSync(cache)
    const graph = bytes.subarray(DIGEST_BYTES)
    return digest(graph).equals(bytes.subarray(0, DIGEST_BYTES)) ? graph : undefined
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'EACCES', 'EPERM', 'EISDIR', 'ENOTDIR')) return undefined
    throw error
  }
}

function makeGraph(weights: Weights, cache: string): Buffer {
  const graph = encoderGraph(weights)
  try {
    mkdirSync(dirname(cache), { recursive: true, mode: 0o700 })
    writeFileAtomic(cache, Buffer.concat([digest(graph), graph]))
  } catch {
    // It is made again next time: a second lost.
  }
  return graph
}

function digest(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}
