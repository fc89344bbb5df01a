import { join } from 'node:path'
import { parsedBy } from '../budget/outline-cache.ts'
import { systemClock } from '../clock.ts'
import { resolveSettings } from '../config/layers.ts'
import { packageRoot } from '../config/package-root.ts'
import { pathsOf } from '../config/paths.ts'
import { openOriginals } from '../originals/open.ts'
import { loadCounter } from '../tokens/count.ts'
import { remembering } from '../verdict/cache.ts'
import { judgeBy } from '../verdict/judge-by.ts'
import { openTier } from '../verdict/model/tier.ts'
import { saidOtherwise } from './again.ts'
import { openMeanings } from './meanings.ts'
import { Memory } from './memory.ts'
import type { Forget, Learn, Learnt, Near, Nearness, Order, Ready, Shortened } from './order.ts'
import { type Means, shortenOrder } from './shorten.ts'

/** What the daemon's process for shortening is: takes orders one by one, and ends with whoever started it. */
async function main(root: string): Promise<void> {
  const paths = pathsOf(root)
  const settings = resolveSettings({ flags: [], env: {}, cwd: paths.root, paths })
  const originals = openOriginals(paths, settings, () => systemClock.wall())
  const parsers = join(packageRoot(), 'dist/parsers.js')
  const memory = new Memory()
  const tier = await openTier({ models: paths.models })
  const meanings = openMeanings(tier, paths.toolMeanings)
  const means: Means = {
    count: await loadCounter(),
    // Without a model nothing judges meaning, so nothing is left out.
    ...(tier.model && {
      // Sentences are ranked by words here: to embed them all takes longer than an agent should wait.
      judge: judgeBy({ ...tier, model: { ...tier.model, embed: remembering(tier.model.embed) } }),
    }),
    parse: (path, text) => parsedBy(parsers, path, text),
    keep: (text) => originals.keep(text),
    note: (handle, done) => originals.note(handle, done),
    memoryOf: (session) => memory.of(session),
    now: () => systemClock.wall(),
  }
  const take = async (order: Order | Forget | Near | Learn): Promise<void> => {
    if ('near' in order) {
      const { id, near, keys } = order
      // Words find tools too: nothing that goes wrong here may end what shortens results.
      const cosines = await meanings.near(near, keys).catch(() => keys.map(() => null))
      process.send?.({ id, tier: tier.name, cosines } satisfies Nearness)
    } else if ('learn' in order) {
      await meanings.learn(order.learn, order.last).catch(() => {})
      process.send?.({ id: order.id, learnt: order.learn.length } satisfies Learnt)
    } else if (!('forget' in order)) process.send?.((await shortenOrder(order, means)) satisfies Shortened)
    else if (order.call === undefined) memory.lost(order.forget)
    else saidOtherwise(memory.of(order.forget), order.call)
  }
  // One after the other: of many at once the first are done in time, instead of all too late.
  let last = Promise.resolve()
  process.on('message', (order: Order | Forget | Near | Learn) => {
    // Without an answer the agent would wait for its time to be over.
    last = last.then(() => take(order)).catch(() => process.exit(1))
  })
  process.on('disconnect', () => process.exit(0))
  process.send?.({ ready: true } satisfies Ready)
}

const root = process.argv[2]
if (root !== undefined) void main(root)
