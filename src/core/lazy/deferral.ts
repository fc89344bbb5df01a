/** Clients that load tool definitions on demand by themselves, and what they call it. */
const OWN: Readonly<Record<string, string>> = { 'claude-code': 'tool search' }

/** What a client does about tool definitions by itself; undefined where it sends all of them. */
export function ownDeferral(
  client: string,
  env: Readonly<Record<string, string | undefined>> = {},
): string | undefined {
  // Its owner switched it off: https://code.claude.com/docs/en/mcp names the variable.
  if (client === 'claude-code' && env.ENABLE_TOOL_SEARCH === 'false') return undefined
  return OWN[client]
}
