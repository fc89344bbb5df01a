import { describe, expect, it } from 'vitest'
import { type AgentSession, learnAgents, preloadsBy, tryPreloads } from '../../src/core/agents/preload.ts'
import { verifies } from '../requirements.ts'

/** Sessions whose agents mostly follow each other in one order; `habit` is how often. */
function sessionsOf(count: number, habit: number, seed: number): readonly AgentSession[] {
  let state = seed
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  return Array.from({ length: count }, (_, i) => {
    let at = Math.floor(random() * 8)
    const agents = Array.from({ length: 4 }, () => {
      const name = `agent${at}`
      at = random() < habit ? (at + 1) % 8 : Math.floor(random() * 8)
      return name
    })
    return { id: `s${i}`, agents }
  })
}

describe('definitions that are loaded ahead', () => {
  it('are used in more than six of ten cases, where agents follow each other as they did', () => {
    verifies('LAZY-1')
    const { use, hits, preloads } = tryPreloads(sessionsOf(500, 0.95, 3))
    expect(preloads).toBeGreaterThan(50)
    expect(hits / preloads).toBeGreaterThan(0.6)
    expect(use).toBe(true)
  })

  it('are not where too few of them were used, where nothing follows from anything, or too little is on record', () => {
    verifies('LAZY-1')
    expect(tryPreloads(sessionsOf(500, 0.6, 3)).use).toBe(false)
    const random = tryPreloads(sessionsOf(400, 0, 5))
    expect([random.use, random.preloads]).toEqual([false, expect.toSatisfy((n: number) => n < 5)])
    expect(tryPreloads(sessionsOf(20, 1, 7))).toEqual({ use: false, hits: 0, preloads: 0 })
  })

  it('count once, as a hit when they are used and as waste when the session goes on without them', () => {
    const preloads = preloadsBy(learnAgents(sessionsOf(400, 1, 9)))
    const preloader = preloads.open()
    preloader.used('agent1')
    expect(preloader.next()).toMatchObject({ agent: 'agent2' })
    expect(preloader.next()).toBeUndefined()
    expect(preloader.used('agent2')).toMatchObject([{ agent: 'agent2', became: 'hit' }])
    expect(preloader.next()).toMatchObject({ agent: 'agent3' })
    preloader.used('agent7')
    preloader.used('agent7')
    expect(preloader.used('agent7')).toMatchObject([{ agent: 'agent3', became: 'waste' }])
  })
})
