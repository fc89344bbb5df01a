import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ServerCommand } from '../../../src/core/bench/agent-session.ts'
import { ended } from '../../fixtures/built-cli.ts'
import { type ClientHome, clientHome, type RealServer } from '../../fixtures/client-home.ts'
import { realClient } from '../../fixtures/real-clients.ts'
import { verifies } from '../../requirements.ts'

let inspector = ''
let home: ClientHome
beforeAll(async () => {
  inspector = realClient('mcp-inspector')
  home = clientHome()
  await home.mycelium('init', '--yes')
}, 600_000)
afterAll(() => home.close())

const QUESTIONS: readonly { readonly server: RealServer; readonly question: readonly string[] }[] = [
  { server: 'everything', question: ['tools/list'] },
  { server: 'everything', question: ['tools/call', '--tool-name', 'get-sum', '--tool-arg', 'a=2', 'b=3'] },
  { server: 'filesystem', question: ['tools/call', '--tool-name', 'list_allowed_directories'] },
  { server: 'memory', question: ['tools/list'] },
]

it.each(QUESTIONS)(
  'the MCP Inspector gets the same from $server through the launcher: $question',
  async ({ server, question }) => {
    verifies('LAUNCH-1')
    const ask = async ({ command, args, env, cwd }: ServerCommand): Promise<unknown> => {
      const limit = ['-s', 'KILL', '60', inspector]
      const { stdout, stderr, code } = await ended(
        'timeout',
        [...limit, '--cli', command, ...args, '--method', ...question],
        { ...env },
        cwd,
      )
      expect(code, stderr).toBe(0)
      return JSON.parse(stdout)
    }
    const { command, env, cwd } = home.launched()[server]
    // Its own command line takes no `--` before its options; a launcher knows its server without arguments.
    expect(await ask({ command, args: [], env, cwd })).toEqual(await ask(home.direct[server]))
  },
  120_000,
)
