import { remembering } from './cache.ts'
import { judgeWith } from './judge.ts'
import { openTier, type Tier } from './model/tier.ts'
import type { FromWorker, ToWorker } from './protocol.ts'

// Entry of the process that judges; pairs with open-judge.ts. It holds the model, 150 to 300 MB, and ends with the one who asked.
serve()
process.on('disconnect', () => process.exit(0))

function serve(): void {
  let tier: Promise<Tier> | undefined
  let last: Promise<unknown> = Promise.resolve()
  process.on('message', (order: ToWorker) => {
    if (order.what === 'open') tier = openTier(order).then(withMemory)
    // One at a time: two would only take each other's processor.
    else last = last.then(() => answer(order, tier!)).then((message) => void process.send?.(message))
  })
}

function withMemory(opened: Tier): Tier {
  const { model } = opened
  return model === undefined ? opened : { ...opened, model: { ...model, embed: remembering(model.embed) } }
}

async function answer(order: Exclude<ToWorker, { what: 'open' }>, tier: Promise<Tier>): Promise<FromWorker> {
  const { id } = order
  try {
    const opened = await tier
    if (order.what === 'judge')
      return {
        what: 'verdict',
        id,
        verdict: await judgeWith(opened, order.original, order.compressed, order.options),
      }
    const vectors = (await opened.model?.embed(order.pairs.flat())) ?? []
    const cosines = order.pairs.map((_, i) => dot(vectors[2 * i], vectors[2 * i + 1]))
    return { what: 'cosines', id, tier: opened.name, cosines, rssMb: process.memoryUsage().rss / 2 ** 20 }
  } catch (error) {
    return { what: 'failed', id, message: error instanceof Error ? error.message : String(error) }
  }
}

function dot(a: Float32Array | undefined, b: Float32Array | undefined): number {
  return a === undefined || b === undefined ? 0 : a.reduce((sum, value, k) => sum + value * b[k]!, 0)
}
