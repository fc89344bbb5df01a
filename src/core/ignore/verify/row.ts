/** What one tool of one client could do with the canary. */
export interface VerifyRow {
  readonly client: string
  /** The tool, and how it was used. */
  readonly tool: string
  readonly result: 'unreadable' | 'READABLE' | 'not tested'
  /** What stopped it, or why nothing is known. */
  readonly by: string
}

/** One attempt to read a file. */
export interface Probe {
  readonly name: string
  readonly tool: string
  readonly input: Readonly<Record<string, unknown>>
  /** It looks into all files, and its answer names the file of each line. */
  readonly searches?: true
  /** What a client tells its hook beside. */
  readonly more?: Readonly<Record<string, unknown>>
}

/** One row: `byFile` is what a file stops, `byHook` what the hook did, `hook` when it stops it. */
export function rowFor(
  client: string,
  { name: tool }: Probe,
  byFile: string | undefined,
  byHook: string,
): VerifyRow {
  const stopped = [...(byFile === undefined ? [] : [byFile]), ...(byHook === 'hook' ? ['hook'] : [])]
  if (stopped.length === 0) return { client, tool, result: 'READABLE', by: byHook }
  return { client, tool, result: 'unreadable', by: stopped.join(' and ') }
}

/** The file that must not be read, and what is in it. */
export interface Canary {
  /** Absolute, and below the project. */
  readonly file: string
  readonly path: string
  readonly mark: string
}

/** Whether an answer gives away what is in the canary: where a hidden file stands in for one, its word may be in visible files too. */
export function isGivenAway(answer: string, { searches }: Probe, { path, mark }: Canary): boolean {
  return answer.split('\n').some((line) => line.includes(mark) && (searches !== true || line.includes(path)))
}

/** The attempts that Claude Code's tools allow, with the inputs that it gives its hooks (measured). */
export function probesFor(canary: Canary, project: string): readonly Probe[] {
  const { file, mark } = canary
  return [
    { name: 'Read', tool: 'Read', input: { file_path: file } },
    {
      name: 'Grep',
      tool: 'Grep',
      input: { pattern: mark, path: project, output_mode: 'content' },
      searches: true,
    },
    { name: 'Edit', tool: 'Edit', input: { file_path: file, old_string: mark, new_string: 'x' } },
    ...shellProbes(canary, 'Bash', 'Bash', { description: 'read' }),
    { name: 'MCP file tool', tool: 'mcp__filesystem__read_text_file', input: { path: file } },
  ]
}

/** Ways to read a file that a shell has, under the name of a client's tool and the name that its hook is given. */
export function shellProbes(
  { path, mark }: Canary,
  title: string,
  tool: string,
  beside: Readonly<Record<string, unknown>>,
): readonly Probe[] {
  const word = shellWord(path)
  const code = JSON.stringify(path)
  const shell = (name: string, command: string): Probe => ({
    name: `${title} ${name}`,
    tool,
    input: { command, ...beside },
  })
  return [
    shell('cat', `cat ${word}`),
    shell('head <', `head -n 5 < ${word}`),
    { ...shell('grep -rn', `grep -rn ${mark} .`), searches: true },
    { ...shell('rg', `rg -n ${mark}`), searches: true },
    shell('python -c', `python3 -c ${shellWord(`print(open(${code}).read())`)}`),
    shell('node -e', `node -e ${shellWord(`console.log(require('fs').readFileSync(${code}, 'utf8'))`)}`),
    shell('find -exec', `find . -name ${shellWord(path.slice(path.lastIndexOf('/') + 1))} -exec cat {} +`),
  ]
}

function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
