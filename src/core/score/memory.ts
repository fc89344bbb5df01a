import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { writeFileAtomic } from '../config/write-file.ts'
import { fingerprint } from '../hash.ts'
import { readRegular } from '../regular-file.ts'
import type { FileFacts, TreeFacts } from './facts.ts'

/** What was known of a repository when it was last looked at. */
export interface Remembered {
  /** By path: the stamp of the file then, and its facts. */
  readonly files: ReadonlyMap<string, Entry>
}

interface Entry {
  readonly stamp: string
  readonly facts: FileFacts
}

/** Grows with what facts are and how they are found: older ones are found anew. */
const FORMAT = 3

/**
 * The first line is a JSON text with everything but the trees, which lie behind it in the same order: most looks need none, and they are most of the
 * bytes. Each is read when it is asked for.
 */
interface Kept {
  readonly format: number
  readonly version: string
  /** The directory: what it is of, so that it goes when that is gone; pairs with forgetting.ts. */
  readonly root: string
  /** Of the trees. */
  readonly crc: number
  /** By path, in the order of the trees; an object would put a file named 7 first. */
  readonly files: readonly (readonly [path: string, entry: Entry & { readonly treeBytes: number }])[]
}

function isEntry(entry: Entry | undefined | null): boolean {
  return typeof entry?.stamp === 'string' && typeof entry.facts?.hash === 'string'
}

/** Where something of one repository is kept, in mycelium's directory of scores; pairs with config/own-names.ts. */
export function memoryFile(scores: string, root: string, what: 'facts' | 'ranking'): string {
  return join(scores, `${fingerprint([root])}-${what}.json`)
}

/** What was kept; nothing when there is nothing that this version can use. `version`: of the package, since parsers come with it. */
export function recall(file: string, version: string): Remembered {
  try {
    const bytes = readRegular(file)
    const end = bytes.indexOf('\n')
    const kept: Kept = JSON.parse(bytes.toString('utf8', 0, end))
    const trees = bytes.subarray(end + 1)
    if (kept.format !== FORMAT || kept.version !== version || kept.crc !== crc32(trees)) return nothing()
    const files = new Map<string, Entry>()
    let at = 0
    for (const [path, entry] of kept.files) {
      if (typeof path !== 'string' || !isEntry(entry)) return nothing()
      const { stamp, facts, treeBytes } = entry
      const text = trees.subarray(at, at + treeBytes)
      if (treeBytes > 0 && !isObjectText(text)) return nothing()
      files.set(path, { stamp, facts: treeBytes > 0 ? withTree(facts, text) : facts })
      at += treeBytes
    }
    return at === trees.length ? { files } : nothing()
  } catch {
    return nothing()
  }
}

/** Whether a tree begins and ends where it should; whether it is one to its middle is seen when it is read. */
function isObjectText(text: Buffer): boolean {
  return text.at(0) === BRACES[0] && text.at(-1) === BRACES[1]
}

const BRACES = Buffer.from('{}')

/** Facts whose tree stays text until somebody asks for it; one that is no JSON counts as none. */
function withTree(facts: FileFacts, text: Buffer): FileFacts {
  let tree: TreeFacts | undefined
  let isRead = false
  return {
    ...facts,
    get tree() {
      if (!isRead) tree = treeIn(text)
      isRead = true
      return tree!
    },
  }
}

function treeIn(text: Buffer): TreeFacts | undefined {
  try {
    return JSON.parse(text.toString('utf8'))
  } catch {
    return undefined
  }
}

/** Keeps it for the next time. Throws write_failed, config_read_only. */
export function remember(file: string, version: string, root: string, { files }: Remembered): void {
  const trees: Buffer[] = []
  const entries = [...files].map(
    ([
      path,
      {
        stamp,
        facts: { tree, ...facts },
      },
    ]) => {
      const text = Buffer.from(tree === undefined ? '' : JSON.stringify(tree))
      trees.push(text)
      return [path, { stamp, facts, treeBytes: text.length }] as const
    },
  )
  const behind = Buffer.concat(trees)
  const kept: Kept = { format: FORMAT, version, root, crc: crc32(behind), files: entries }
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  writeFileAtomic(file, Buffer.concat([Buffer.from(`${JSON.stringify(kept)}\n`), behind]))
}

/** What is known of a repository that was never looked at. */
export function nothing(): Remembered {
  return { files: new Map() }
}
