import { type Case, hitOf, readAll } from './shell-case.ts'
import { hiddenFileBy } from './shell-world.ts'

/** Options of cp and ln that name the place to copy to. */
const TARGET = /^(-t|--target-directory)$/
/** Options of tar that take the next word; `-f` among letters takes it too. */
const TAR_FILE = /^-?[A-Za-z]*f$|^--file$/

/** Judges programs that copy what is in files: to another place, or packed to their output. Copies of whole directories pass (docs/ignore.md). */
export function judgeCopy(one: Case): void {
  const { command, words, at, program } = one
  const rest = command.words.slice(at + 1)
  const options = words.slice(at + 1)
  if (program === 'dd') {
    for (const [i, word] of rest.entries())
      if (options[i]!.startsWith('if=') && readsFile(one, options[i]!.slice(3), word)) return
    return
  }
  if (/^(gzip|bzip2|xz|zstd)$/.test(program)) {
    if (options.some((word) => /^-[A-Za-z]*c[A-Za-z]*$|^--(stdout|to-stdout)$/.test(word))) readAll(one, rest)
    return
  }
  if (program === 'tar') {
    const isOut = options.some((word, i) => TAR_FILE.test(word) && options[i + 1] === '-')
    const isNew = /^-?[A-Za-z]*c/.test(options[0] ?? '') || options.includes('--create')
    if (isNew && isOut) for (const [i, word] of rest.entries()) if (i > 0) judgeSource(one, word)
    return
  }
  const at0 = options.findIndex((word) => TARGET.test(word))
  const operands = rest.filter((_, i) => !options[i]!.startsWith('-') && (at0 < 0 || i !== at0 + 1))
  const sources = at0 < 0 && operands.length > 1 ? operands.slice(0, -1) : operands
  for (const word of sources) judgeSource(one, word)
}

function judgeSource(one: Case, word: Case['command']['words'][number]): void {
  const { scope, world } = one
  const hit = hitOf(word, scope, world)
  if (hit === undefined) return
  if (hit.glob === undefined && world.isDirectory(`${world.lookup.guard.project}/${hit.path}`)) return
  readAll(one, [word])
}

function readsFile(one: Case, text: string, word: Case['command']['words'][number]): boolean {
  const { scope, world } = one
  return one.deny(hiddenFileBy({ text }, scope, world) ?? hitOf(word, scope, world)?.path)
}
