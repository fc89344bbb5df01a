import { fingerprint } from '../../hash.ts'
import type { Commit, FileChange, Rename } from './history.ts'

/** For `git log --raw -z`; pairs with logParser, which tells a header by its first word. */
export const LOG_FORMAT = 'commit %H%x00%at%x00%ae%x00%B'

const MAX_MESSAGE_CHARS = 4_000
/** A commit of more files says nothing about any of them; what is beyond is not kept. */
const MAX_FILES = 5_000
const SUBMODULE = '160000'

interface Draft {
  readonly head: string[]
  readonly files: FileChange[]
  /** By names then, with no index yet: the number of commits is not known before the end. */
  readonly moves: { from: string; to: string }[]
}

/** Takes the output of `git log --raw -z` piece by piece, newest commit first. */
export interface LogParser {
  push(chunk: Buffer): void
  /** Commits and renames, oldest first. A commit that was cut off is left out when `whole` is false. */
  end(whole: boolean): { readonly commits: readonly Commit[]; readonly renames: readonly Rename[] }
}

/** Reads by the grammar of -z, so that no name or message can pass for something else. Bytes that are no UTF-8 become U+FFFD, as in file listings of Node. */
export function logParser(): LogParser {
  const decoder = new TextDecoder()
  const drafts: Draft[] = []
  /** Name then -> name at the end, for what was read so far; pairs with laterNames in history.ts. */
  const later = new Map<string, string>()
  let rest = ''
  /** Status and modes of the entry whose paths come next. */
  let entry: { status: string; submodule: boolean; blob: string | undefined } | undefined
  let from: string | undefined

  const take = (field: string): void => {
    const draft = drafts.at(-1)
    if (entry !== undefined && draft !== undefined) takePath(draft, field)
    else if (draft !== undefined && draft.head.length < 4) draft.head.push(field)
    else if (field.startsWith('commit ')) drafts.push({ head: [field.slice(7)], files: [], moves: [] })
    else takeEntry(field)
  }

  const takeEntry = (field: string): void => {
    const [, oldMode, newMode, id, status] = /^\n*:(\d+) (\d+) \S+ (\S+) (\S)/.exec(field) ?? []
    if (status === undefined) return
    const blob = newMode!.startsWith('100') ? id : undefined
    entry = { status, blob, submodule: newMode === SUBMODULE || oldMode === SUBMODULE }
  }

  const takePath = (draft: Draft, path: string): void => {
    const { status, submodule, blob } = entry!
    if ((status === 'R' || status === 'C') && from === undefined) {
      from = path
      return
    }
    if (!submodule && draft.files.length < MAX_FILES) {
      const change = { path: later.get(path) ?? path, pathThen: path, change: changeOf(status) }
      draft.files.push(blob === undefined ? change : { ...change, blob })
      if (status === 'R') draft.moves.push({ from: from!, to: path })
    }
    entry = undefined
    from = undefined
  }

  /** From here on names are those before the commit. Git calls nothing a rename that was there before or is still there after, so order is of no matter. */
  const endCommit = (draft: Draft): void => {
    for (const { pathThen, change } of draft.files) if (change === 'created') later.delete(pathThen)
    for (const { from, to } of draft.moves) {
      const now = later.get(to) ?? to
      later.delete(to)
      later.set(from, now)
    }
  }

  return {
    push(chunk) {
      const fields = (rest + decoder.decode(chunk, { stream: true })).split('\0')
      rest = fields.pop()!
      for (const field of fields) {
        const open = drafts.length
        take(field)
        if (drafts.length > open && open > 0) endCommit(drafts[open - 1]!)
      }
    },
    end(whole) {
      if (!whole) drafts.pop()
      const kept = drafts.filter((draft) => draft.head.length === 4).reverse()
      return {
        commits: kept.map(commitOf),
        renames: kept.flatMap((draft, commit) => draft.moves.map((move) => ({ commit, ...move }))),
      }
    },
  }
}

function commitOf({ head: [id, at, author, message], files }: Draft): Commit {
  return {
    id: id!,
    at: Number(at),
    author: fingerprint([author!.toLowerCase()], 12),
    message: message!.slice(0, MAX_MESSAGE_CHARS).trimEnd(),
    files,
  }
}

function changeOf(status: string): FileChange['change'] {
  if (status === 'A' || status === 'C') return 'created'
  if (status === 'D') return 'deleted'
  return status === 'R' ? 'renamed' : 'edited'
}
