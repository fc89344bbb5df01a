import { join } from 'node:path'
import { readRegular } from '../regular-file.ts'
import type { Paths } from './paths.ts'

/** The name below bin/ of what clients start as mycelium's own MCP server; clients/our-files.ts removes it. */
export const MCP_NAME = 'mcp'

/** What the server is called in the configs of clients. */
export const MCP_ENTRY = 'mycelium'

/** Where it is. */
export function mcpPath(paths: Pick<Paths, 'bin'>): string {
  return join(paths.bin, MCP_NAME)
}

/** A config file in which a client was given our server; it counts below `project`, or everywhere. */
export interface McpPlace {
  readonly client: string
  readonly file: string
  readonly project?: string
}

/** Where `init --mcp` put it; nothing where that cannot be read. Each is to be looked at again: users edit their configs. */
export function readMcpPlaces(paths: Pick<Paths, 'mcpPlaces'>): readonly McpPlace[] {
  try {
    const { version, places } = Object(JSON.parse(readRegular(paths.mcpPlaces).toString('utf8')))
    return version === 1 && Array.isArray(places) ? places.filter(isPlace) : []
  } catch {
    return []
  }
}

function isPlace(value: unknown): value is McpPlace {
  const { client, file, project } = Object(value)
  return (
    typeof client === 'string' && typeof file === 'string' && ['string', 'undefined'].includes(typeof project)
  )
}
