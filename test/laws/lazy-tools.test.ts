import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { areFew, listBudget, OWN_TOKENS } from '../../src/core/lazy/list-budget.ts'
import { listedIn, withOnly } from '../../src/core/lazy/listed-tools.ts'
import { type Candidate, selectTools } from '../../src/core/lazy/selection.ts'
import { noteSizes, serversOf, sizesFrom, sizesText, weightOf } from '../../src/core/lazy/sizes.ts'
import { toolSearchOf } from '../../src/core/lazy/tool-search.ts'
import { noteUse, type Uses, usedBy } from '../../src/core/lazy/uses.ts'
import { type Frame, scanFrame } from '../../src/core/protocol/frame.ts'
import { QUERIES, TOOLS } from '../fixtures/tool-queries.ts'
import { verifies } from '../requirements.ts'

const name = fc.stringMatching(/^[a-z]{1,6}$/)
const candidate: fc.Arbitrary<Candidate> = fc.record({
  server: name,
  name,
  tokens: fc.integer({ min: 1, max: 500 }),
  uses: fc.double({ min: 0, max: 50, noNaN: true }),
})
const candidates = fc.uniqueArray(candidate, {
  selector: ({ server, name }) => `${server}\t${name}`,
  maxLength: 40,
})

describe('what is listed', () => {
  it('never costs more than the budget, never holds what was not used, and does not depend on the order', () => {
    verifies('LAZY-1')
    fc.assert(
      fc.property(candidates, fc.integer({ min: 0, max: 4_000 }), (all, budget) => {
        const chosen = selectTools(all, budget)
        const listed = all.filter((one) => chosen.get(one.server)?.has(one.name))
        expect(listed.reduce((sum, { tokens }) => sum + tokens, 0)).toBeLessThanOrEqual(budget)
        expect(listed.every(({ uses }) => uses > 0)).toBe(true)
        expect(selectTools([...all].reverse(), budget)).toEqual(chosen)
        // What is left out was not worth less than all that is in and would have fitted.
        const left = budget - listed.reduce((sum, { tokens }) => sum + tokens, 0)
        const out = all.filter((one) => one.uses > 0 && !listed.includes(one))
        expect(out.every(({ tokens }) => tokens > left)).toBe(true)
      }),
    )
  })

  it('is in the answer byte for byte, and nothing else of the answer changes', () => {
    verifies('LAZY-1')
    const tool = fc.record({
      name,
      description: fc.string(),
      n: fc.constantFrom('1.0', '12345678901234567890', '-0'),
    })
    const spaces = fc.constantFrom('', ' ', '\t ')
    fc.assert(
      fc.property(
        fc.uniqueArray(tool, { selector: (one) => one.name }),
        fc.func(fc.boolean()),
        spaces,
        (tools, keep, gap) => {
          const texts = tools.map(
            (one) =>
              `{"name":${JSON.stringify(one.name)},${gap}"description":${JSON.stringify(one.description)},"x":${one.n}}`,
          )
          const around = (inner: readonly string[]) =>
            `{"jsonrpc":"2.0","id":7,"result":{"ttlMs":1.50,${gap}"tools":[${inner.join(',')}],"nextCursor":"c"}}`
          const whole = Buffer.from(around(texts))
          const cut = withOnly(scanFrame(whole) as Frame, (one) => keep(one.name))
          const kept = texts.filter((_, i) => keep(tools[i]!.name))
          expect(cut.line.toString()).toBe(around(kept))
          expect(listedIn(cut)?.map((one) => one.name)).toEqual(
            tools.filter((one) => keep(one.name)).map((one) => one.name),
          )
        },
      ),
    )
  })
})

describe('how much is listed', () => {
  const weight = fc.record({ tokens: fc.integer({ min: 0, max: 200_000 }), isWhole: fc.boolean() })

  it('is with our own at most 15 % of all definitions and at most what the setting says; where they are few, all are', () => {
    verifies('LAZY-1')
    fc.assert(
      fc.property(weight, fc.integer({ min: 0, max: 100_000 }), (all, most) => {
        const budget = listBudget(all, most)
        expect(budget).toBeLessThanOrEqual(most)
        if (areFew(all)) expect(all.tokens).toBeLessThan(2_400)
        else if (all.isWhole) expect(OWN_TOKENS + budget).toBeLessThanOrEqual(0.15 * all.tokens + 1e-9)
        if (budget > 0) expect(OWN_TOKENS + budget).toBeLessThanOrEqual(0.13 * all.tokens)
      }),
    )
    expect(listBudget({ tokens: 12_000, isWhole: true }, 1_000)).toBe(1_000)
    expect(listBudget({ tokens: 4_000, isWhole: true }, 1_000)).toBe(160)
    expect(areFew({ tokens: 2_399, isWhole: true })).toBe(true)
    expect(areFew({ tokens: 2_400, isWhole: true })).toBe(false)
    expect(areFew({ tokens: 100, isWhole: false })).toBe(false)
  })

  it('goes by the servers that a client has where it runs, and by what they listed last', () => {
    const source = (client: string, scope: string, file: string) => ({ client, scope, file, name: 'x' })
    const servers = [
      { id: 'mine', sources: [source('codex', 'user', '/home/me/.codex/config.toml')] },
      { id: 'project', sources: [source('codex', 'project', '/work/a/.codex/config.toml')] },
      { id: 'root', sources: [source('codex', 'project', '/work/a/opencode.json')] },
      { id: 'elsewhere', sources: [source('codex', 'project', '/work/ab/.codex/config.toml')] },
      { id: 'other', sources: [source('cursor', 'user', '/home/me/.cursor/mcp.json')] },
    ]
    expect(serversOf('codex', '/work/a/src', servers)).toEqual(['mine', 'project', 'root'])
    expect(serversOf('codex', '/work/a', servers)).toEqual(['mine', 'project', 'root'])
    const sizes = sizesFrom(undefined)
    const tool = (name: string, tokens: number) => ({ name, tokens, start: 0, end: 0 })
    expect(noteSizes(sizes, 'mine', [tool('a', 10), tool('b', 20)], false)).toBe(true)
    expect(noteSizes(sizes, 'mine', [tool('a', 10), tool('b', 20)], false)).toBe(false)
    expect(weightOf(sizes, ['mine'])).toEqual({ tokens: 30, isWhole: true })
    expect(weightOf(sizes, ['mine', 'project'])).toEqual({ tokens: 30, isWhole: false })
    noteSizes(sizes, 'mine', [tool('c', 5)], true)
    noteSizes(sizes, 'project', [], false)
    expect(weightOf(sizesFrom(JSON.parse(sizesText(sizes))), ['mine', 'project'])).toEqual({
      tokens: 35,
      isWhole: true,
    })
    noteSizes(sizes, 'mine', [tool('c', 5)], false)
    expect(weightOf(sizes, ['mine'])).toEqual({ tokens: 5, isWhole: true })
    expect(sizesFrom({ mine: { a: 'x', b: -1, c: 2 }, other: null }).get('mine')).toEqual(new Map([['c', 2]]))
  })
})

describe('uses', () => {
  it('fade, count less from other projects, and never mix clients', () => {
    verifies('LAZY-1')
    const uses: Uses = new Map()
    const here = { project: '/a', client: 'codex' }
    noteUse(uses, here, 's', 'old', 0)
    noteUse(uses, { project: '/b', client: 'codex' }, 's', 'elsewhere', 14 * 24 * 3_600_000)
    noteUse(uses, { project: '/a', client: 'cursor' }, 's', 'other', 14 * 24 * 3_600_000)
    const found = usedBy(uses, here, 14 * 24 * 3_600_000)
    expect(found).toEqual([
      { server: 's', name: 'old', uses: 0.5 },
      { server: 's', name: 'elsewhere', uses: 0.1 },
    ])
  })

  it('are none of a name that no tool has', () => {
    const uses: Uses = new Map()
    noteUse(uses, { project: '/a', client: 'codex' }, 's', 'x'.repeat(1_000_000), 0)
    expect(uses.size).toBe(0)
  })
})

describe('find', () => {
  it('has the tool in the top five for all but queries that share no word with it, and an exact name first', () => {
    verifies('LAZY-1')
    const search = toolSearchOf(TOOLS)
    const found = QUERIES.map(([query, wanted]) =>
      search.find(query, 5).some(({ index }) => TOOLS[index]!.name === wanted),
    )
    expect(found.filter(Boolean).length / QUERIES.length).toBeGreaterThanOrEqual(0.9)
    for (const tool of TOOLS.filter(({ name }) => name.includes('_')))
      expect(TOOLS[search.find(`call ${tool.name} now`, 1)[0]!.index]).toBe(tool)
  })

  it('never fails, gives no more than asked for, and nothing for nothing', () => {
    const search = toolSearchOf(TOOLS)
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.integer({ min: 0, max: 30 }),
        fc.option(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { maxLength: TOOLS.length })),
        (query, limit, near) => {
          const found = search.find(query, limit, { near: near ?? undefined })
          expect(found.length).toBeLessThanOrEqual(limit)
          expect(new Set(found.map(({ index }) => index)).size).toBe(found.length)
          expect(found.every(({ score }) => Number.isFinite(score))).toBe(true)
        },
      ),
      { numRuns: 15 },
    )
    expect(search.find('', 5)).toEqual([])
    expect(search.find('zzz', 5, { near: TOOLS.map(() => 0.1) })).toEqual([])
    expect(toolSearchOf([]).find('anything', 5)).toEqual([])
  })

  it('takes what lies at a path for a file, whatever the path is made of', () => {
    const search = toolSearchOf(TOOLS)
    const first = (query: string) => TOOLS[search.find(query, 1)[0]!.index]!.name
    expect(first('return /srv/mail/ticket_forecast/notes.txt')).toBe('read_text')
  })

  it('finds what is described in Chinese by English words, and the other way round', () => {
    const tools = ['获取城市的天气预报|天气', '删除文件|文件'].map((text, i) => {
      const [description = '', parameters = ''] = text.split('|')
      return { server: 's', name: `t${i}`, title: '', description, parameters }
    })
    const search = toolSearchOf([...tools, ...TOOLS])
    expect(search.find('city weather', 5).map(({ index }) => index)).toContain(0)
    expect(search.find('delete a file', 5).map(({ index }) => index)).toContain(1)
    expect(TOOLS[search.find('发送邮件', 1)[0]!.index - 2]!.name).toBe('send_mail')
  })

  it('puts what was used before first among equals, and follows meaning where it is known', () => {
    const twins = ['a', 'b'].map((server) => ({
      server,
      name: 'fetch_page',
      title: '',
      description: 'Fetch a page',
      parameters: '',
    }))
    const search = toolSearchOf(twins)
    expect(search.find('fetch a page', 1)[0]?.index).toBe(0)
    expect(search.find('fetch a page', 1, { used: (i) => i })[0]?.index).toBe(1)
    expect(search.find('fetch a page', 1, { near: [0.1, 0.4] })[0]?.index).toBe(1)
    expect(search.find('zzz', 1, { near: [0.1, 0.9] })[0]?.index).toBe(1)
  })
})
