import { textIfRegular } from '../../regular-file.ts'
import type { ToolText } from './traffic.ts'

/** What servers of this machine listed last, by server: name and description of each tool. */
export type KnownTools = ReadonlyMap<string, readonly (readonly [tool: string, description: string])[]>

const FORMAT = 1

/** The tools that a daemon kept; none for a file that is none of ours. */
export function readKnownTools(path: string): KnownTools {
  try {
    const { format, servers } = Object(JSON.parse(textIfRegular(path) ?? 'null'))
    if (format !== FORMAT || !Array.isArray(servers)) return new Map()
    return new Map(
      servers
        .filter(
          (one) =>
            Array.isArray(one) && typeof one[0] === 'string' && Array.isArray(one[1]) && one[1].every(isTool),
        )
        .map(([server, tools]) => [server, tools]),
    )
  } catch {
    return new Map()
  }
}

/** The same as JSON, for readKnownTools. */
export function knownToolsText(known: KnownTools): string {
  return JSON.stringify({ format: FORMAT, servers: [...known] })
}

/** The same as texts for an index. */
export function textsOf(known: KnownTools): readonly ToolText[] {
  return [...known].flatMap(([server, tools]) =>
    tools.map(([tool, description]) => ({ server, tool, description })),
  )
}

function isTool(value: unknown): boolean {
  return Array.isArray(value) && typeof value[0] === 'string' && typeof value[1] === 'string'
}
