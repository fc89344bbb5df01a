import { describe, it } from 'vitest'
import { pathsOf } from '../../src/core/config/paths.ts'
import { surviveKills } from '../process/event-crashes.ts'
import { compileProgram, shortDirectory } from '../process/programs.ts'
import { verifies } from '../requirements.ts'

const programs = { writer: compileProgram('event-writer'), ingest: compileProgram('event-ingest') }

describe('the event store', () => {
  it('has every promised event once after four hundred kills', async () => {
    verifies('STORE-1')
    for (let run = 0; run < 20; run++) {
      const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
      console.log(`SEED=${seed}`)
      await surviveKills(pathsOf(shortDirectory()), programs, { writers: 10, ingests: 10, seed })
    }
  })
})
