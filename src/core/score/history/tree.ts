import { type GitPlace, gitText } from './git.ts'
import type { Commit, Rename } from './history.ts'

/** Regular files of a commit below the directory: git's name of the content by path, without submodules and symbolic links. Empty when git cannot tell. */
export async function treeAt(place: GitPlace, commit: string): Promise<Map<string, string>> {
  const { end, bytes } = await gitText(['ls-tree', '-r', '-z', commit], place)
  const tree = new Map<string, string>()
  if (end.how !== 'done') return tree
  for (const line of bytes.toString().split('\0')) {
    const [, mode, blob, path] = /^(\d+) blob (\S+)\t([\s\S]+)$/.exec(line) ?? []
    if (mode?.startsWith('100')) tree.set(path!, blob!)
  }
  return tree
}

/** Changes a tree into what it is after the commit. `renames` are those of this commit. */
export function advanceTree(tree: Map<string, string>, commit: Commit, renames: readonly Rename[]): void {
  for (const { from } of renames) tree.delete(from)
  for (const { pathThen, blob } of commit.files) {
    if (blob === undefined) tree.delete(pathThen)
    else tree.set(pathThen, blob)
  }
}

const MAX_BATCH_BYTES = 32 << 20

/** Hands over contents by git's name of them, each once; what is larger than maxBytes, or not there as in a partial clone, is left out. */
export async function readBlobs(
  place: GitPlace,
  blobs: ReadonlySet<string>,
  maxBytes: number,
  onBlob: (blob: string, content: Buffer) => void,
): Promise<void> {
  if (blobs.size === 0) return
  const limits = { limitMs: 120_000, maxBytes: 2 ** 30 }
  const input = `${[...blobs].join('\n')}\n`
  const sizes = await gitText(['cat-file', '--batch-check'], place, { ...limits, input })
  const batches: string[][] = [[]]
  let filled = 0
  for (const line of sizes.bytes.toString('latin1').split('\n')) {
    const [blob, type, size] = line.split(' ')
    if (type !== 'blob' || Number(size) > maxBytes) continue
    if (filled + Number(size) > MAX_BATCH_BYTES) {
      batches.push([])
      filled = 0
    }
    filled += Number(size)
    batches.at(-1)!.push(blob!)
  }
  for (const batch of batches) {
    if (batch.length === 0) continue
    const { bytes } = await gitText(['cat-file', '--batch'], place, {
      ...limits,
      input: `${batch.join('\n')}\n`,
    })
    for (let at = 0; at < bytes.length; ) {
      const lineEnd = bytes.indexOf(10, at)
      if (lineEnd < 0) break
      const [blob, , size] = bytes.toString('latin1', at, lineEnd).split(' ')
      const start = lineEnd + 1
      if (size !== undefined) onBlob(blob!, bytes.subarray(start, start + Number(size)))
      at = size === undefined ? start : start + Number(size) + 1
    }
  }
}
