import { resolve } from 'node:path'
import { type Case, hitOf, isPlain, readAll } from './shell-case.ts'
import { type Search, searchOf } from './shell-programs.ts'
import type { Scope } from './shell-scope.ts'
import { type CommandSplice, type Operand, withoutHiddenGrep, withoutHiddenRg } from './shell-searches.ts'
import { valuesOf } from './shell-values.ts'
import type { Word } from './shell-words.ts'
import { expandGlob, hiddenAt, hiddenBelow, linksInto, type ShellWorld } from './shell-world.ts'

/** Judges grep, rg and their kin: files that are named, and directories that are searched through. */
export function judgeSearch(one: Case): void {
  const { command, words, at, program, scope, world } = one
  const found = searchOf(words.slice(at))
  const operands = found.operands.map((place) => command.words[at + place]!)
  const viaXargs = /(^|\/)(xargs|parallel)$/.test(words[0]!)
  if (!found.recursive) {
    if (found.prints === 'text') readAll(one, operands)
    return
  }
  const isFed = (command.isPiped || command.inputs.length > 0 || command.texts.length > 0) && !viaXargs
  const readsInput = /^(rg|ag|ack|ugrep)$/.test(program) && operands.length === 0 && isFed
  if (found.prints === 'nothing' || (readsInput && !words.includes('--files'))) return
  if (found.prints === 'text')
    for (const word of operands) {
      const hit = hitOf(word, scope, world)
      if (hit !== undefined && hit.glob === undefined && one.deny(hit.path)) return
    }
  const { spelled, isCertain } = spelledAs(operands, scope, world)
  const texts = operands.length === 0 ? [''] : spelled.flatMap((operand) => operand.texts)
  const base = scope.cwd ?? world.cwd
  const below = [...new Set(texts.flatMap((text) => hiddenBelow(resolve(base, text), world)))]
  const links = found.followsLinks && texts.some((text) => linksInto(resolve(base, text), world))
  if (below.length === 0 && !links) return
  // Names are no text: those of a hidden directory that was asked for are given.
  const isNamed = texts.some((text) => hiddenAt(resolve(base, text), world) !== undefined)
  if (found.prints === 'names' && isNamed) return
  const splices =
    one.canSplice && isCertain && !viaXargs ? rewritten(one, found, spelled, below, texts) : undefined
  if (splices !== undefined) one.splice(splices)
  else if (found.prints === 'text') one.deny(below[0] ?? world.lookup.guard.directories[0], true)
}

function rewritten(
  { command, program, at, scope, world }: Case,
  found: Search,
  spelled: readonly Operand[],
  below: readonly string[],
  texts: readonly string[],
): readonly CommandSplice[] | undefined {
  if (/^(e|f|r)?grep$/.test(program)) return withoutHiddenGrep(command, spelled, found, scope, world)
  if (program !== 'rg') return undefined
  const hidden = below.map((path) => `${world.lookup.guard.project}/${path}`)
  return withoutHiddenRg(
    command,
    { ...found, optionsEnd: found.optionsEnd + at },
    hidden,
    { scope, world },
    texts,
  )
}

/** Operands as the shell would spell them. */
function spelledAs(
  operands: readonly Word[],
  scope: Scope,
  world: ShellWorld,
): { spelled: readonly Operand[]; isCertain: boolean } {
  let isCertain = true
  const spelled = operands.map((word): Operand => {
    const { values, unknown } = valuesOf(word, scope)
    if (unknown || !isPlain(word)) isCertain = false
    const texts = values.flatMap(({ text, glob }) =>
      glob === undefined ? [text] : (expandGlob(glob, scope.cwd ?? world.cwd, world) ?? []),
    )
    return { start: word.start, end: word.end, texts }
  })
  return { spelled, isCertain }
}
