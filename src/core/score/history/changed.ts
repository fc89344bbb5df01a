import { type GitPlace, gitText } from './git.ts'

const STATUS = [
  'status',
  '--porcelain=v1',
  '-z',
  '--no-renames',
  '--untracked-files=all',
  '--ignore-submodules=all',
  '--',
  '.',
]

/** Files that differ from the last commit, new ones included, below the directory of place; none without git. */
export async function changedInWorkTree(place: GitPlace): Promise<readonly string[]> {
  // Both at once: whoever asks may hold this process in between.
  const [prefix, { end, bytes }] = await Promise.all([
    gitText(['rev-parse', '--show-prefix'], place),
    gitText(STATUS, place),
  ])
  if (prefix.end.how !== 'done' || end.how !== 'done') return []
  const below = prefix.bytes.toString().replace(/\n$/, '')
  // Porcelain names files from the top of the repository, wherever it runs.
  return bytes
    .toString()
    .split('\0')
    .flatMap((line) => (line.length > 3 ? [line.slice(3)] : []))
    .flatMap((path) => (path.startsWith(below) ? [path.slice(below.length)] : []))
}
