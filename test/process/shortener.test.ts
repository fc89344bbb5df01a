import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { Shortener } from '../../src/core/daemon/shortener.ts'
import { until } from '../fixtures/daemon-home.ts'
import { verifies } from '../requirements.ts'

// A real process that answers nothing before it is told to forget something.
const SLOW = `
const held = []
process.on('message', (order) => {
  if ('forget' in order) for (const { id, texts } of held.splice(0)) process.send({ id, texts, effect: {} })
  else held.push(order)
})
process.on('disconnect', () => process.exit(0))
process.send({ ready: true })
`
const ORDER = {
  ...{ client: 'codex', session: 's', project: '/', server: 'a', tool: 't', arguments: '{}' },
  ...{ texts: ['text'], targetReduction: 0.5, diffs: false },
}

let shortener: Shortener
let dir: string
afterEach(() => {
  shortener.close()
  rmSync(dir, { recursive: true })
})

function slow(source = SLOW) {
  let now = 0
  const timers = new Set<{ at: number; run: () => void }>()
  const clock = {
    now: () => now,
    wall: () => now,
    after: (ms: number, run: () => void) => {
      const timer = { at: now + ms, run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
  }
  const events: string[] = []
  dir = mkdtempSync(join(tmpdir(), 'my-'))
  const program = join(dir, 'slow.cjs')
  writeFileSync(program, source)
  shortener = new Shortener({
    ...{ paths: { root: dir }, clock, limits: { shortenMs: 1_000 }, program },
    log: { event: (name: string) => events.push(name) } as never,
  })
  const pass = (ms: number): void => {
    now += ms
    for (const timer of [...timers]) if (timer.at <= now && timers.delete(timer)) timer.run()
  }
  return { events, pass }
}

describe('a process that shortens', () => {
  it('is given three seconds more while it starts', async () => {
    verifies('COMP-3')
    const { pass } = slow(SLOW.replace('process.send({ ready: true })', ''))
    let answer: unknown = 'none yet'
    const first = shortener.shorten(ORDER).then((given) => {
      answer = given
    })
    await until('it runs', () => shortener.pid)
    pass(3_999)
    await new Promise((resolve) => setImmediate(resolve))
    expect(answer).toBe('none yet')
    pass(1)
    await first
    expect(answer).toBeUndefined()
  })
})

describe('a process that shortens too slowly', () => {
  it('is waited for once: until it is done with that, results go out as they are', async () => {
    verifies('COMP-3')
    const { pass } = slow()
    const first = shortener.shorten(ORDER)
    await until('it is ready', () => shortener.isReady)
    // It was asked before the process was there.
    pass(4_000)
    expect(await first).toBeUndefined()
    // Time stands still: one that waited would wait for ever.
    expect(await shortener.shorten(ORDER)).toBeUndefined()
    const again = await until('it answers again', async () => {
      const next = shortener.shorten(ORDER)
      // After the order, which goes out in a microtask.
      setImmediate(() => shortener.forget('s'))
      return next
    })
    expect(again.texts).toEqual(['text'])
  })

  it('is ended when it gives no answer at all', async () => {
    verifies('COMP-3')
    const { pass, events } = slow()
    const first = shortener.shorten(ORDER)
    await until('it is ready', () => shortener.isReady)
    // It was asked before the process was there.
    pass(4_000)
    await first
    shortener.tick()
    expect(events).toEqual([])
    pass(60_001)
    shortener.tick()
    expect(shortener.pid).toBeUndefined()
    expect(events).toEqual(['shortener-lost'])
  })
})

// A real process that answers a query about meanings with the tier that its source says, and nothing else.
const SAYS = (tier: string) => `
process.on('message', ({ id, near, keys }) => {
  if (near !== undefined && near !== 'slow') process.send({ id, tier: '${tier}', cosines: keys.map(() => 0.5) })
})
process.on('disconnect', () => process.exit(0))
process.send({ ready: true })
`

describe('a question about meanings', () => {
  it('is answered by the process, which is not started again where it has no model', async () => {
    verifies('LAZY-1')
    slow(SAYS('none'))
    expect(await shortener.near('query', ['a', 'b'])).toMatchObject({ tier: 'none' })
    shortener.close()
    expect(await shortener.near('query', ['a'])).toBeUndefined()
    expect(await shortener.learn([{ key: 'a', text: 'b' }], true)).toBeUndefined()
    expect(shortener.pid).toBeUndefined()
  })

  it('is given up after a quarter of a second, or one and a half while the process starts', async () => {
    verifies('LAZY-1')
    const { pass } = slow(SAYS('native'))
    expect(await shortener.near('query', ['a'])).toMatchObject({ tier: 'native', cosines: [0.5] })
    let answer: unknown = 'none yet'
    const asked = shortener.near('slow', ['a']).then((given) => {
      answer = given
    })
    pass(249)
    await new Promise((resolve) => setImmediate(resolve))
    expect(answer).toBe('none yet')
    pass(1)
    await asked
    expect(answer).toBeUndefined()
    // It is busy with that: nobody else waits.
    expect(await shortener.near('query', ['a'])).toBeUndefined()
  })
})
