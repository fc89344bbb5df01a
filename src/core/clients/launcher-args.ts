/** What stands before the original command in the arguments of an entry that was taken over. No `--`: MCP Inspector reads entries' arguments as its own. */
export function launcherArgs(client: string): readonly string[] {
  return [`--client=${client}`]
}

/** The original command and arguments out of the launcher's; undefined when the user took our part away. Pairs with launcherArgs. */
export function launchedArgv(args: readonly string[]): readonly string[] | undefined {
  const [client = '', ...argv] = args
  return client.startsWith('--client=') && argv.length > 0 ? argv : undefined
}
