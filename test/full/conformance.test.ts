import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { direct } from '../../bench/contenders/direct.ts'
import { mycelium } from '../../bench/contenders/mycelium.ts'
import { conformance } from '../../bench/rows/conformance.ts'
import { builtCli } from '../fixtures/built-cli.ts'
import { verifies } from '../requirements.ts'

const packageRoot = fileURLToPath(new URL('../..', import.meta.url))

it('the official conformance suite ends the same through launchers as without, scenario by scenario', async () => {
  verifies('PROTO-1', 'PROTO-3')
  builtCli()
  const { headlines, notes = [] } = await conformance({
    packageRoot,
    direct,
    mycelium: mycelium(packageRoot, 'call'),
    myceliumSession: mycelium(packageRoot, 'session'),
    peers: [],
    runs: undefined,
    progress: () => {},
    quiet: async () => {},
  })
  expect(
    headlines.map(({ contender, value }) => [contender, value]),
    notes.join('\n'),
  ).toEqual([
    ['mycelium (call)', 0],
    ['mycelium (session)', 0],
  ])
  expect(notes[0]).toMatch(/^direct: [1-9]\d* passed/)
})
