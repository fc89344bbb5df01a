import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MyceliumError } from '../errors.ts'
import type { Sandbox } from './sandbox.ts'

/** An MCP server as a user names it in a client's config. */
export interface NamedServer {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** The real servers of the demo: npm package, and what follows the program on its command line and in its environment. */
const SERVERS: readonly {
  name: string
  npm: string
  args?: (sandbox: Sandbox) => string[]
  env?: (sandbox: Sandbox) => Record<string, string>
}[] = [
  { name: 'everything', npm: '@modelcontextprotocol/server-everything', args: () => ['stdio'] },
  { name: 'filesystem', npm: '@modelcontextprotocol/server-filesystem', args: ({ project }) => [project] },
  {
    name: 'memory',
    npm: '@modelcontextprotocol/server-memory',
    env: ({ home }) => ({ MEMORY_FILE_PATH: join(home, 'memory.jsonl') }),
  },
  { name: 'sequential-thinking', npm: '@modelcontextprotocol/server-sequential-thinking' },
]

/** The demo's servers from a package's own node_modules. Throws demo_servers_missing, naming them and the command that installs them. */
export function demoServers(packageRoot: string, sandbox: Sandbox): NamedServer[] {
  const manifest = (npm: string) => join(packageRoot, 'node_modules', npm, 'package.json')
  const missing = SERVERS.filter(({ npm }) => !existsSync(manifest(npm))).map(({ npm }) => npm)
  if (missing.length > 0) {
    throw new MyceliumError(
      'demo_servers_missing',
      `the demo runs real MCP servers, and ${missing.length} of ${SERVERS.length} are not installed: ${missing.join(', ')}`,
      { hint: `npm install --prefix ${packageRoot} --no-save ${missing.join(' ')}` },
    )
  }
  return SERVERS.map(({ name, npm, args, env }) => ({
    name,
    command: 'node',
    args: [join(packageRoot, 'node_modules', npm, programOf(manifest(npm))), ...(args?.(sandbox) ?? [])],
    ...(env && { env: env(sandbox) }),
  }))
}

function programOf(manifest: string): string {
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: string | Record<string, string> }
  return typeof bin === 'string' ? bin : Object.values(bin)[0]!
}
