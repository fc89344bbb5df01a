import { resolve } from 'node:path'
import type { Case } from './shell-case.ts'
import { isPlain } from './shell-case.ts'
import { gitKind, searchOf } from './shell-programs.ts'
import type { Scope } from './shell-scope.ts'
import { withoutHiddenGit } from './shell-searches.ts'
import { valuesOf } from './shell-values.ts'
import { hiddenAt, hiddenBelow, hiddenBy } from './shell-world.ts'

/** Words of git that print what is in files. */
const READS = /^(show|diff|difftool|blame|annotate|cat-file|whatchanged|range-diff)$/
/** With these, names and counts are all that is printed; unless a patch is asked for too. */
const NAMES_ONLY =
  /^(--stat|--stat=.*|--shortstat|--numstat|--dirstat.*|--summary|--name-only|--name-status|--raw|--no-patch|-s|--quiet)$/
const PATCH = /^(-p|-u|--patch|-U\d*|--unified=.*|--patch-with-\w+|-W|--function-context)$/

/** Judges git: what a revision, a diff or blame of a named file prints, and git grep. */
export function judgeGit(one: Case): void {
  const { words, at, scope, world } = one
  const { verb, at: verbAt, directory } = gitKind(words.slice(at))
  const here: Scope =
    directory === undefined || scope.cwd === undefined
      ? scope
      : { ...scope, cwd: resolve(scope.cwd, directory) }
  if (verb === 'grep') {
    grep(one, at + verbAt, here)
    return
  }
  const isPatch = verb === 'log' && words.some((word) => /^(-p|-u|--patch|-L.*)$/.test(word))
  if (!READS.test(verb) && !isPatch) return
  if (words.some((word) => NAMES_ONLY.test(word)) && !words.some((word) => PATCH.test(word))) return
  for (const text of words.slice(at + verbAt + 1)) {
    // `HEAD:path`, `:path` and `-L1,5:path` count from the top of the work tree.
    const colon = text.indexOf(':')
    const top = { ...here, cwd: world.lookup.guard.project }
    const inTree = colon < 0 ? undefined : hiddenBy({ text: text.slice(colon + 1) }, top, world)
    if (one.deny(inTree ?? (text.startsWith('-') ? undefined : hiddenBy({ text }, here, world)))) return
  }
}

/** git grep: revisions, then pathspecs, whose wild cards and magic git reads itself. */
function grep(one: Case, verbAt: number, here: Scope): void {
  const { command, words, world } = one
  const found = searchOf(['git-grep', ...words.slice(verbAt + 1)])
  if (found.prints === 'nothing') return
  const base = world.real(here.cwd ?? world.cwd)
  const operands = found.operands.map((place) => {
    const word = command.words[verbAt + place]!
    const { values, unknown } = valuesOf(word, here)
    const isAfterDashes = place > found.optionsEnd
    const texts = values.map(({ text }) => text)
    const isPath =
      isAfterDashes || texts.some((text) => /[*?[]|^:/.test(text) || world.exists(resolve(base, text)))
    return { word, place, texts, isPath, isSure: !unknown && isPlain(word) }
  })
  const specs = operands.filter(({ isPath }) => isPath)
  const roots = specs.flatMap(({ texts }) => texts)
  const wanted = roots.filter((text) => !/^:[!^]|^:\(.*exclude/.test(text))
  const hidden = new Set<string>()
  for (const text of wanted.length === 0 ? [''] : wanted) {
    const isPattern = /[*?[]/.test(text)
    const top = text.startsWith(':') ? world.lookup.guard.project : resolve(base, isPattern ? '' : text)
    const named = hiddenAt(top, world)
    if (named !== undefined && found.prints === 'text' && one.deny(named, isPattern || text === '')) return
    for (const path of hiddenBelow(top, world)) hidden.add(path)
  }
  const [first] = hidden
  if (first === undefined) return
  const firstPath = specs[0]
  const hasDashes = found.optionsEnd < words.length - verbAt
  const isOrdered =
    firstPath === undefined ||
    hasDashes ||
    operands.filter(({ place }) => place >= firstPath.place).length ===
      words.length - verbAt - firstPath.place
  const isCertain =
    one.canSplice && isOrdered && operands.every(({ isSure }) => isSure) && words[0] !== 'xargs'
  const paths = [...hidden].map((path) => `${world.lookup.guard.project}/${path}`)
  const splices = isCertain
    ? withoutHiddenGit(command, paths, base, hasDashes ? undefined : (firstPath?.word.start ?? command.end))
    : undefined
  if (splices !== undefined) one.splice(splices)
  else if (found.prints === 'text') one.deny(first, true)
}
