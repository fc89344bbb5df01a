import { basename } from 'node:path'
import type { Client } from './client.ts'
import { keyPathsOf } from './client-lookup.ts'
import { applySplices, type ListValue, type Splice, type Syntax, textsOf } from './document.ts'
import { type Entry, entriesIn } from './entries.ts'
import type { EntryRules, Slots } from './entry.ts'
import { launchedArgv } from './launcher-args.ts'
import type { Edit, EditedText } from './rewrite.ts'
import { sameWords } from './server-id.ts'
import { readDocument, SYNTAXES } from './syntaxes.ts'

/** How many items of ours stand before the user's arguments: `--client=…` and the command, or in one list the launcher and `--client=…`. Pairs with takeOverSplices in rewrite.ts. */
const OUR_ARGS = 2

/** A config text without our edits. */
export interface TakenBack {
  readonly text: string
  readonly entries: readonly Entry[]
  /** Entries that call a launcher but no longer say what it stood for. */
  readonly lost: readonly Entry[]
}

/** Takes our edits out of a text, whatever else changed in it. Entries are found by the launcher they call, so renamed and copied ones too. */
export function takeBack(
  from: EditedText,
  clients: readonly Client[],
  edits: readonly Edit[],
  rules: EntryRules,
): TakenBack {
  const syntax = SYNTAXES[from.format]
  const root = readDocument(from.text, from.format, from.file)
  const launched = new Map<number, Entry>()
  for (const client of clients) {
    for (const entry of entriesIn(root, client, keyPathsOf(client), rules)) {
      if (entry.launcher !== undefined && entry.slots !== undefined)
        launched.set(entry.slots.entry.start, entry)
    }
  }
  const splices: Splice[] = []
  const entries: Entry[] = []
  const lost: Entry[] = []
  for (const entry of launched.values()) {
    const edit = editFor(entry, edits)
    const own = takeBackSplices(syntax, from.text, entry.slots!, edit)
    if (own === undefined) lost.push(entry)
    else {
      splices.push(...own)
      entries.push(entry)
    }
  }
  const text = applySplices(from.text, splices)
  readDocument(text, from.format, from.file)
  return { text, entries, lost }
}

/** The journal's note on this entry, or, for a renamed or copied one, on its launcher. */
function editFor(entry: Entry, edits: readonly Edit[]): Edit | undefined {
  const id = basename(entry.launcher!)
  const same = edits.filter((edit) => edit.id === id)
  return same.find((edit) => edit.name === entry.name && sameWords(edit.place, entry.place)) ?? same[0]
}

function takeBackSplices(
  syntax: Syntax,
  text: string,
  slots: Slots,
  edit: Edit | undefined,
): readonly Splice[] | undefined {
  if (slots.kind === 'together')
    return [takeBackList(syntax, text, slots.list, edit)].filter((splice) => splice !== undefined)
  const { command, args, map } = slots
  const list = args?.value.kind === 'list' ? args.value : undefined
  const argv = launchedArgv(textsOf(list) ?? [])
  const original = originalCommand(syntax, argv?.[0], edit)
  if (original === undefined) return undefined
  const swap = { start: command.value.start, end: command.value.end, text: original }
  if (list === undefined || args === undefined) return [swap]
  // Without our part before them the arguments are the user's own: only the command goes back.
  if (argv === undefined) return [swap]
  const gone = edit?.argsText === null && argv.length === 1 ? syntax.removeMember(text, map, args) : undefined
  return [swap, gone ?? syntax.dropFirst(text, list, OUR_ARGS)]
}

/** The command as the file once spelled it, unless the user meanwhile wrote another one behind `--client=…`. */
function originalCommand(
  syntax: Syntax,
  now: string | undefined,
  edit: Edit | undefined,
): string | undefined {
  const spelled = edit?.commandText ?? undefined
  if (now === undefined || now === edit?.argv[0]) return spelled ?? (now && syntax.quote(now))
  return syntax.quote(now)
}

function takeBackList(
  syntax: Syntax,
  text: string,
  list: ListValue,
  edit: Edit | undefined,
): Splice | undefined {
  const words = textsOf(list) ?? []
  if (launchedArgv(words.slice(1)) !== undefined) return syntax.dropFirst(text, list, OUR_ARGS)
  const spelled = edit?.argsText
  return spelled ? { start: list.start, end: list.end, text: spelled } : undefined
}
