import { type GitPlace, gitText } from './git.ts'

/** Files that differ from the last commit, new ones included, below the directory of place; none without git. */
export async function changedInWorkTree(place: GitPlace): Promise<readonly string[]> {
  const prefix = await gitText(['rev-parse', '--show-prefix'], place)
  if (prefix.end.how !== 'done') return []
  const { end, bytes } = await gitText(
    [
      'status',
      '--porcelain=v1',
      '-z',
      '--no-renames',
      '--untracked-files=all',
      '--ignore-submodules=all',
      '--',
      '.',
    ],
    place,
  )
  if (end.how !== 'done') return []
  const below = prefix.bytes.toString().replace(/\n$/, '')
  // Porcelain names files from the top of the repository, wherever it runs.
  return bytes
    .toString()
    .split('\0')
    .flatMap((line) => (line.length > 3 ? [line.slice(3)] : []))
    .flatMap((path) => (path.startsWith(below) ? [path.slice(below.length)] : []))
}
