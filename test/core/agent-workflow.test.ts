import { describe, expect, it } from 'vitest'
import { parseWorkflow } from '../../src/core/agents/workflow.ts'
import { claimsOf } from '../../src/core/agents/workflow-claims.ts'
import { MyceliumError } from '../../src/core/errors.ts'
import { verifies } from '../requirements.ts'

const count = (text: string) => Math.ceil(text.length / 4)
const claimsIn = (workflow: object | string, history: ReadonlyMap<string, readonly number[]> = new Map()) => {
  const text = typeof workflow === 'string' ? workflow : JSON.stringify(workflow)
  return claimsOf(parseWorkflow(text, 'flow.json'), { definitions: [], history, count, file: 'flow.json' })
}

describe('a workflow', () => {
  const one = (more: object) => ({ agents: [{ name: 'Plan', ...more }] })
  it.each<[string, string, object | string, string]>([
    [
      'an agent that nobody defines',
      'unknown_agent',
      { agents: [{ name: 'Explorer2' }] },
      'no client defines an agent Explorer2, and none is on record; did you mean explorer?',
    ],
    [
      'a circle',
      'workflow_invalid',
      {
        agents: [
          { name: 'Plan', needs: ['Explore'] },
          { name: 'Explore', needs: ['Plan'] },
        ],
      },
      'in a circle: Plan needs Explore needs Plan',
    ],
    ['min above max', 'workflow_invalid', one({ min: 9, max: 5 }), 'Plan: min 9 is more than max 5'],
    [
      'min above want',
      'workflow_invalid',
      one({ min: 9, want: 5, max: 50 }),
      'Plan: min 9 is more than want 5',
    ],
    [
      'a negative size',
      'workflow_invalid',
      one({ min: -1 }),
      'Plan: min must be a whole number of tokens from 0',
    ],
    [
      'a size that is no number',
      'workflow_invalid',
      one({ want: '5k' }),
      'Plan: want must be a whole number of tokens from 1 to 1000000000, not "5k"',
    ],
    ['no weight', 'workflow_invalid', one({ weight: 0 }), 'Plan: weight must be a number above 0'],
    [
      'an unknown word',
      'workflow_invalid',
      one({ mim: 5 }),
      'agents[0] has mim, which means nothing here; did you mean min?',
    ],
    [
      'an unknown need',
      'workflow_invalid',
      one({ needs: ['Pln'] }),
      'Plan needs Pln, which is not among its agents; did you mean Plan?',
    ],
    [
      'an unknown step',
      'workflow_invalid',
      one({ degrade: ['halt'] }),
      'Plan: degrade: "halt" is no step; there are outline, cut, stop',
    ],
    [
      'an agent twice',
      'workflow_invalid',
      { agents: [{ name: 'Plan' }, { name: 'Plan' }] },
      'Plan is there twice',
    ],
    [
      'a stage before its need',
      'workflow_invalid',
      { agents: [{ name: 'Plan', stage: 0, needs: ['Explore'] }, { name: 'Explore' }] },
      'Plan is in stage 0, but needs Explore, which is in stage 0',
    ],
    [
      'crossing groups',
      'workflow_invalid',
      {
        agents: [{ name: 'Plan' }, { name: 'Explore' }, { name: 'main' }],
        atMostTogether: [
          { agents: ['Plan', 'main'], limit: 9 },
          { agents: ['main', 'Explore'], limit: 9 },
        ],
      },
      'share some agents but neither holds the other',
    ],
    ['no JSON', 'workflow_invalid', '{ agents', 'no JSON: '],
    ['no agents', 'workflow_invalid', {}, 'agents must be a list of one agent at least'],
  ])('is refused with %s', (_, code, workflow, message) => {
    verifies('ALLOC-1')
    let thrown: unknown
    try {
      claimsIn(workflow)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(MyceliumError)
    expect((thrown as MyceliumError).code).toBe(code)
    expect((thrown as MyceliumError).message).toContain(message)
  })

  it('is in the order of what its agents need, and keeps what it states', () => {
    verifies('ALLOC-1')
    const planned = claimsIn({
      agents: [
        { name: 'Plan', needs: ['Explore'], min: 40_000 },
        { name: 'Explore', max: 500 },
        { name: 'main', needs: ['Plan', 'Explore'], want: 1_000, weight: 3 },
      ],
    })
    expect(planned.map(({ claim }) => [claim.name, claim.stage, claim.weight])).toEqual([
      ['Plan', 1, 1],
      ['Explore', 0, 1],
      ['main', 2, 3],
    ])
    for (const { claim } of planned) {
      expect(claim.min).toBeLessThanOrEqual(claim.want)
      expect(claim.want).toBeLessThanOrEqual(claim.max)
    }
    expect(planned[0]!.claim.min).toBe(40_000)
    expect(planned[1]!.claim.max).toBe(500)
    expect(planned[2]!.claim).toMatchObject({ min: 250, want: 1_000, max: 3_000 })
  })

  it('takes what is on record for more than its estimate, the more so the more sessions there are', () => {
    verifies('ALLOC-1')
    const workflow = { agents: [{ name: 'Explore', task: 'find all uses' }] }
    const guess = claimsIn(workflow)[0]!
    expect(guess.basis).toBe('estimate')
    const sessionsOf = (sessions: number) =>
      claimsIn(
        workflow,
        new Map([['Explore', Array.from({ length: sessions }, (_, i) => 4_000 + (i % 10) * 100)]]),
      )[0]!
    const [few, many] = [sessionsOf(3), sessionsOf(60)]
    expect(many.basis).toBe('record')
    expect(many.claim.want).toBeLessThan(few.claim.want)
    expect(few.claim.want).toBeLessThan(guess.claim.want)
    expect(many.claim.want).toBeGreaterThan(4_500)
    expect(many.claim.want).toBeLessThan(5_500)
    // Three quarters of the sessions on record took no more than it wants.
    expect(many.enough(many.claim.want)).toBeGreaterThan(0.7)
    expect(many.enough(4_000)).toBeLessThan(0.2)
    expect(many.enough(0)).toBe(0)
  })
})
