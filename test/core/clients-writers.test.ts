import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it, onTestFinished } from 'vitest'
import { sandbox } from '../fixtures/configs/sandbox.ts'
import { verifies } from '../requirements.ts'

/** What Claude Code does to its config, without rest: read, change, print anew, rename into place. A text that is not whole ends it. */
const WRITER = `
const { readFileSync, renameSync, writeFileSync } = require('node:fs')
const [file] = process.argv.slice(1)
process.once('SIGTERM', () => process.exit(0))
const run = () => {
  const config = JSON.parse(readFileSync(file, 'utf8'))
  config.numStartups += 1
  writeFileSync(file + '.writer', JSON.stringify(config, null, 2))
  renameSync(file + '.writer', file)
  if (config.numStartups === 3) process.stdout.write('going')
  setTimeout(run, 30)
}
run()
`

describe('a client that rewrites its config all the time', () => {
  it('never sees half a file, keeps its own changes, and init and undo both come through', async () => {
    verifies('LAUNCH-1')
    const box = sandbox()
    const servers = { a: { command: 'a' }, b: { command: 'b', args: ['-y'] } }
    const file = box.put('.claude.json', JSON.stringify({ numStartups: 0, mcpServers: servers }))
    const writer = spawn(process.execPath, ['-e', WRITER, file], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void writer.kill('SIGKILL'))
    const ended = once(writer, 'exit')
    await once(writer.stdout, 'data')
    for (let round = 0; round < 5; round += 1) {
      expect((await box.init()).problems).toEqual([])
      expect((await box.undo()).problems).toEqual([])
    }
    writer.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
    await box.init()
    expect(box.find().found.map((found) => found.reason)).toEqual([
      'taken over already',
      'taken over already',
    ])
    await box.undo()
    const { numStartups, mcpServers } = JSON.parse(box.read('.claude.json'))
    expect(numStartups).toBeGreaterThan(3)
    expect(mcpServers).toEqual(servers)
  })
})
