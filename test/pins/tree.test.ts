import { expect, it } from 'vitest'
import { buildProgram } from '../../src/program.ts'
import { verifies } from '../requirements.ts'

const program = buildProgram('', async () => {})
const leaves = program.commands.flatMap((one) => (one.commands.length > 0 ? one.commands : [one]))

it('every command has --json but those whose output is a log, a script or a daemon', () => {
  verifies('CLI-4')
  const without = leaves.filter((leaf) => !leaf.options.some(({ long }) => long === '--json'))
  expect(
    without.map((leaf) => [leaf.parent?.name(), leaf.name()].join(' ').replace('mycelium ', '')).sort(),
  ).toEqual(['completion', 'daemon logs', 'daemon run', 'hook', 'jobs logs', 'mcp', 'statusline'])
})
