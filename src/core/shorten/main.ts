import { join } from 'node:path'
import { parsedBy } from '../budget/outline-cache.ts'
import { systemClock } from '../clock.ts'
import { resolveSettings } from '../config/layers.ts'
import { packageRoot } from '../config/package-root.ts'
import { pathsOf } from '../config/paths.ts'
import { originalsIn } from '../originals/store.ts'
import { loadCounter } from '../tokens/count.ts'
import { remembering } from '../verdict/cache.ts'
import { judgeBy } from '../verdict/judge-by.ts'
import { openTier } from '../verdict/model/tier.ts'
import { Memory } from './memory.ts'
import type { Forget, Order, Shortened } from './order.ts'
import { type Means, shortenOrder } from './shorten.ts'

/** What the daemon's process for shortening is: takes orders one by one, and ends with whoever started it. */
async function main(root: string): Promise<void> {
  const paths = pathsOf(root)
  const settings = resolveSettings({ flags: [], env: {}, cwd: paths.root, paths })
  const originals = originalsIn(
    paths.originals,
    { maxBytes: settings.get('originals.max_bytes'), maxAgeMs: settings.get('originals.retain') },
    () => systemClock.wall(),
  )
  const parsers = join(packageRoot(), 'dist/parsers.js')
  const memory = new Memory()
  const tier = await openTier({ models: paths.models })
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
  process.on('message', (order: Order | Forget) => {
    if ('forget' in order) return memory.lost(order.forget)
    shortenOrder(order, means).then(
      (done) => process.send?.(done satisfies Shortened),
      // Without an answer the agent would wait for its time to be over.
      () => process.exit(1),
    )
  })
  process.on('disconnect', () => process.exit(0))
}

const root = process.argv[2]
if (root !== undefined) void main(root)
