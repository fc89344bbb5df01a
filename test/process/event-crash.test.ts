import { describe, expect, it } from 'vitest'
import { pathsOf } from '../../src/core/config/paths.ts'
import { takeInEvents } from '../../src/core/events/store.ts'
import { verifies } from '../requirements.ts'
import { rows } from './event-books.ts'
import { surviveKills } from './event-crashes.ts'
import { compileProgram, shortDirectory, startTalker } from './programs.ts'

const programs = { writer: compileProgram('event-writer'), ingest: compileProgram('event-ingest') }
const hooks = compileProgram('event-hooks')

describe('the event store', () => {
  it('has every promised event once after writers and ingestions were killed at random moments', async () => {
    verifies('STORE-1')
    const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
    console.log(`SEED=${seed}`)
    await surviveKills(pathsOf(shortDirectory()), programs, { writers: 6, ingests: 6, seed })
  })

  it('has every event of many short writers once that share a segment while it is taken in', async () => {
    verifies('STORE-1')
    const paths = pathsOf(shortDirectory())
    const talkers = ['a', 'b', 'c'].map((name) => startTalker(hooks, [paths.events, name, '15000']))
    const done = Promise.all(talkers.map((talker) => talker.heard('done')))
    let going = true
    void done.finally(() => {
      going = false
    })
    do await takeInEvents(paths)
    while (going)
    await takeInEvents(paths)
    expect(
      await rows(paths, 'SELECT count(*)::INTEGER, count(DISTINCT tool_use)::INTEGER FROM calls'),
    ).toEqual([[45_000, 45_000]])
  })
})
