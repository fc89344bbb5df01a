import { basename } from 'node:path'
import type { Client, KeyPath } from './client.ts'
import { keyPathsOf } from './client-lookup.ts'
import { applySplices, type Format, type MapValue, type Splice, type Syntax } from './document.ts'
import { entriesIn } from './entries.ts'
import type { EntryRules, Slots } from './entry.ts'
import { launcherArgs } from './launcher-args.ts'
import { sameWords } from './server-id.ts'
import { readDocument, SYNTAXES } from './syntaxes.ts'

/** One entry to take over: which it is, and what it must still say. */
export interface Take {
  readonly place: KeyPath
  readonly name: string
  readonly argv: readonly string[]
  readonly launcher: string
}

/** What was done to one entry, kept in the journal so that undo can put the same characters back. */
export interface Edit {
  readonly client: string
  readonly place: KeyPath
  readonly name: string
  readonly id: string
  readonly argv: readonly string[]
  /** As the file spelled them; null where there was none (opencode has one list, under `args` here). */
  readonly commandText: string | null
  readonly argsText: string | null
  readonly newCommandText: string | null
  readonly newArgsText: string
}

/** One config text being edited. */
export interface EditedText {
  readonly text: string
  readonly format: Format
  readonly file: string
}

/** Takes entries over. An entry that meanwhile is gone or says something else is in `missed` and stays as it is. */
export function takeOver(
  from: EditedText,
  client: Client,
  takes: readonly Take[],
  rules: EntryRules,
): { readonly text: string; readonly edits: readonly Edit[]; readonly missed: readonly Take[] } {
  const syntax = SYNTAXES[from.format]
  const entries = entriesIn(documentOf(from), client, keyPathsOf(client), rules)
  const splices: Splice[] = []
  const done: Take[] = []
  const edits: Edit[] = []
  const missed: Take[] = []
  for (const take of takes) {
    const entry = entries.find((candidate) => isSame(candidate, take) && candidate.leave === undefined)
    if (entry?.slots === undefined || !sameWords(entry.argv, take.argv)) {
      missed.push(take)
      continue
    }
    const own = takeOverSplices(syntax, from.text, entry.slots, client.id, take)
    splices.push(...own)
    done.push(take)
    edits.push(editOf(from.text, syntax, entry.slots, client.id, take, own))
  }
  const text = applySplices(from.text, splices)
  checkTakenOver({ ...from, text }, client, done, rules)
  return { text, edits, missed }
}

function documentOf(from: EditedText): MapValue {
  return readDocument(from.text, from.format, from.file)
}

function isSame(a: { place: KeyPath; name: string }, b: { place: KeyPath; name: string }): boolean {
  return a.name === b.name && sameWords(a.place, b.place)
}

function takeOverSplices(
  syntax: Syntax,
  text: string,
  slots: Slots,
  clientId: string,
  take: Take,
): readonly Splice[] {
  const launcher = syntax.quote(take.launcher)
  const before = launcherArgs(clientId).map(syntax.quote)
  if (slots.kind === 'together') return [syntax.prepend(text, slots.list, [launcher, ...before])]
  const { command, args } = slots
  const items = [...before, syntax.quote(take.argv[0]!)]
  const swap = { start: command.value.start, end: command.value.end, text: launcher }
  if (args?.value.kind === 'list') return [swap, syntax.prepend(text, args.value, items)]
  return [swap, syntax.insertList(text, command, 'args', items)]
}

function editOf(
  text: string,
  syntax: Syntax,
  slots: Slots,
  client: string,
  take: Take,
  splices: readonly Splice[],
): Edit {
  const { place, name, argv } = take
  const identity = { client, place, name, id: basename(take.launcher), argv }
  const command = slots.kind === 'apart' ? slots.command.value : undefined
  const args = slots.kind === 'apart' ? slots.args?.value : slots.list
  const put = splices.at(-1)!
  const argsText = args === undefined ? null : text.slice(args.start, args.end)
  return {
    ...identity,
    commandText: command === undefined ? null : text.slice(command.start, command.end),
    argsText,
    newCommandText: command === undefined ? null : syntax.quote(take.launcher),
    newArgsText:
      args === undefined
        ? put.text
        : applySplices(argsText!, [{ ...put, start: put.start - args.start, end: put.end - args.start }]),
  }
}

/** An edit that would not read back as meant must never reach the user's file. */
function checkTakenOver(edited: EditedText, client: Client, done: readonly Take[], rules: EntryRules): void {
  const entries = entriesIn(documentOf(edited), client, keyPathsOf(client), rules)
  for (const take of done) {
    const entry = entries.find((candidate) => isSame(candidate, take))
    if (entry?.launcher !== take.launcher || !sameWords(entry.argv, take.argv)) {
      throw new Error(`${edited.file}: the edit of "${take.name}" does not read back`)
    }
  }
}
