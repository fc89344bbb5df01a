/** Where a config file counts: for the user everywhere, in one project, or (`managed`) put there by the client itself. */
export type FileScope = 'user' | 'project' | 'managed'

/**
 * One file that a client may read. In `path`, `~` is the home directory, `{config}` XDG_CONFIG_HOME, `{app}` the place of desktop programs'
 * settings, `{project}` the working directory and its git root, `{NAME|default}` an environment variable, and `*` any one name.
 */
export interface ClientFile {
  readonly scope: FileScope
  readonly path: string
  /** Key paths of this file's server lists where they differ from the client's. */
  readonly at?: readonly KeyPath[]
}

/** Keys from the top of a file to a list of servers; `*` is any key. */
export type KeyPath = readonly string[]

/** What a client calls the parts of an entry, where it differs from most. */
export interface EntryKeys {
  readonly command: string
  readonly env: readonly string[]
}

/** How a client writes variables into its config (declared.ts expands them for warming). */
export type Expansion = 'shell' | 'env' | 'brace' | 'none'

/** One coding agent. */
export interface Client {
  readonly id: string
  readonly title: string
  readonly files: readonly ClientFile[]
  readonly at: readonly KeyPath[]
  readonly keys?: Partial<EntryKeys>
  readonly expansion?: Expansion
}
