import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { helloLine } from '../../src/core/mcp/hello-line.ts'
import { openLink } from '../../src/core/mcp/link.ts'
import { type DaemonHome, daemonHome, SERVERS } from '../fixtures/daemon-home.ts'
import { verifies } from '../requirements.ts'

let home: DaemonHome
afterEach(() => home.close())

describe('a connection of mycelium mcp', () => {
  it('tells whoever called of an answer that is no JSON inside, and serves the next call', async () => {
    verifies('MCP-1')
    home = daemonHome()
    const argv = [process.execPath, join(SERVERS, 'verbatim.mjs')]
    home.define({ name: 'verbatim', mode: 'shared', argv })
    ;(await home.start()).close()
    const link = await openLink(
      home.paths.socket,
      helloLine({ server: 'verbatim', client: 'codex', cwd: home.dir, argv, env: home.env }),
    )
    await link.request('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'codex', version: '1' },
    })
    link.notify('notifications/initialized')
    const call = (result: string) => link.request('tools/call', { name: 'verbatim', arguments: { result } })
    await expect(call('{"content":[{"type":"text","text":nothing}]}')).rejects.toMatchObject({ code: -32603 })
    expect(await call('{"content":[]}')).toEqual({ content: [] })
    link.close()
  })
})
