import { mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { meaningKey, meaningText } from '../../src/core/lazy/meaning-text.ts'
import type { KnownTool } from '../../src/core/lazy/tool.ts'
import { nearnessBy } from '../../src/core/mcp/nearness.ts'
import { openMeanings } from '../../src/core/shorten/meanings.ts'
import type { Tier } from '../../src/core/verdict/model/tier.ts'
import { verifies } from '../requirements.ts'

let dir: string
let embedded: string[]
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'my-'))
  embedded = []
})
afterEach(() => rmSync(dir, { recursive: true }))

/** One direction for each letter that a text begins with. */
const tier = (name: Tier['name']): Tier => ({
  name,
  model: {
    vocabulary: new Map(),
    embed: async (texts) => {
      embedded.push(...texts)
      return texts.map((text) => new Float32Array(384).map((_, k) => Number(k === text.charCodeAt(0))))
    },
  },
})
const keyed = (text: string) => ({ key: meaningKey(text), text })
const keys = ['apple', 'banana'].map(meaningKey)

describe('meanings of texts', () => {
  it('are made once, kept on disk for their tier, and null where they are not known', async () => {
    verifies('LAZY-1')
    const file = join(dir, 'models/tool-meanings.bin')
    const first = openMeanings(tier('native'), file)
    expect(await first.near('avocado', keys)).toEqual([null, null])
    expect(embedded).toEqual([])
    await first.learn([keyed('apple')], false)
    expect(() => readFileSync(file)).toThrow()
    await first.learn([keyed('apple'), keyed('banana')], true)
    expect(embedded).toEqual(['apple', 'banana'])
    expect(await first.near('avocado', keys)).toEqual([1, 0])
    const later = openMeanings(tier('native'), file)
    expect(await later.near('blueberry', [...keys, meaningKey('cherry')])).toEqual([0, 1, null])
    expect(await openMeanings(tier('static'), file).near('blueberry', keys)).toEqual([null, null])
    truncateSync(file, readFileSync(file).length - 1)
    expect(await openMeanings(tier('native'), file).near('blueberry', keys)).toEqual([null, null])
  })

  it('are none without a model, and what is no key is not kept', async () => {
    const file = join(dir, 'tool-meanings.bin')
    const none = openMeanings({ name: 'none' }, file)
    await none.learn([keyed('apple')], true)
    expect(await none.near('avocado', keys)).toEqual([null, null])
    await openMeanings(tier('native'), file).learn([{ key: '../x', text: 'x' }], true)
    expect(embedded).toEqual([])
    expect(() => readFileSync(file)).toThrow()
  })
})

describe('what find_tool asks the daemon', () => {
  const tools: readonly KnownTool[] = Array.from({ length: 20 }, (_, i) => ({
    ...{ server: 's', name: `readFile_${i}`, title: '', parameters: '' },
    description: `Reads file ${i}`,
  }))
  const texts = tools.map(meaningText)
  const settled = () => new Promise((resolve) => setImmediate(resolve))

  it('has what is not known learnt, some at a time, and uses what most tools have', async () => {
    verifies('LAZY-1')
    const known = new Set<string>()
    const orders: { texts: { key: string; text: string }[]; last: boolean }[] = []
    const near = nearnessBy(async (cmd, args) => {
      if (cmd === 'near')
        return {
          tier: 'native',
          cosines: (args.keys as string[]).map((key) => (known.has(key) ? 0.5 : null)),
        } as never
      orders.push(args as never)
      return { learnt: 8 } as never
    })
    expect(await near.of('query', tools)).toBeUndefined()
    await settled()
    expect(orders.map((order) => [order.texts.length, order.last])).toEqual([
      [8, false],
      [8, false],
      [4, true],
    ])
    expect(orders.flatMap((order) => order.texts)).toEqual(texts.map(keyed))
    near.close()
    for (const text of texts.slice(0, 10)) known.add(meaningKey(text))
    expect(await near.of('query', tools)).toEqual(tools.map(() => 0.5))
    await settled()
    // Whoever leaves lets the order that is under way be the last.
    expect(orders).toHaveLength(4)
  })

  it('is answered with nothing where the daemon fails, is old or has no model, and then nothing is learnt', async () => {
    verifies('LAZY-1')
    const asked: string[] = []
    const answers: (() => unknown)[] = [
      () => null,
      () => ({ tier: 'none', cosines: tools.map(() => null) }),
      () => {
        throw new Error('the daemon does not know the command near')
      },
    ]
    for (const answer of answers) {
      const near = nearnessBy(async (cmd) => {
        asked.push(cmd)
        return answer() as never
      })
      near.wake('query')
      expect(await near.of('query', tools)).toBeUndefined()
    }
    await settled()
    expect(new Set(asked)).toEqual(new Set(['near']))
  })

  it('names a tool in plain words, what is Chinese in English first', () => {
    expect(texts[0]).toBe('read File 0: Reads file 0')
    expect(meaningText({ ...tools[0]!, name: 'getNews', description: '获取热门新闻' })).toBe(
      'get News: get popular trending news. 获取热门新闻',
    )
  })
})
