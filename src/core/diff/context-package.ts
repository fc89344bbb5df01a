import { MyceliumError } from '../errors.ts'
import { type Kind, sectionsOf } from './sections.ts'
import { isSameHash, linesOf, textHash } from './text.ts'

/** A section of a context that is handed on. */
export interface PackedSection {
  readonly name: string
  /** textHash() of its text. */
  readonly hash: string
  /** Absent where the receiver holds it. */
  readonly text?: string
}

/** A context as ordered sections: together their texts are the context, and `hash` is its hash. */
export interface ContextPackage {
  readonly hash: string
  readonly sections: readonly PackedSection[]
}

/** A context as a package with every text in it. */
export function pack(text: string, kind?: Kind): ContextPackage {
  const lines = linesOf(text)
  return {
    hash: textHash(text),
    sections: sectionsOf(lines, kind).map(({ name, from, to }) => {
      const section = lines.slice(from - 1, to).join('')
      return { name, hash: textHash(section), text: section }
    }),
  }
}

/** The package for a receiver that holds sections with these hashes: only the rest has its text, once where it occurs several times. */
export function packFor(whole: ContextPackage, held: ReadonlySet<string>): ContextPackage {
  const sent = new Set(held)
  return {
    ...whole,
    sections: whole.sections.map(({ name, hash, text }) => {
      if (sent.has(hash) || text === undefined) return { name, hash }
      sent.add(hash)
      return { name, hash, text }
    }),
  }
}

/** The hashes of sections that a receiver lacks; empty where it can unpack. */
export function missingIn({ sections }: ContextPackage, held: ReadonlySet<string>): readonly string[] {
  const there = new Set([
    ...held,
    ...sections.flatMap(({ hash, text }) => (text === undefined ? [] : [hash])),
  ])
  return [...new Set(sections.map(({ hash }) => hash))].filter((hash) => !there.has(hash))
}

/**
 * The context of a package, exactly, by what the receiver holds. Throws diff_base_wrong where it lacks a section, diff_invalid where the texts are not
 * what the hashes say.
 */
export function unpack(packed: ContextPackage, textOf: (hash: string) => string | undefined): string {
  const own = new Map(packed.sections.flatMap(({ hash, text }) => (text === undefined ? [] : [[hash, text]])))
  const texts = packed.sections.map(({ name, hash }) => {
    const text = own.get(hash) ?? textOf(hash)
    if (text === undefined)
      throw new MyceliumError(
        'diff_base_wrong',
        `section ${JSON.stringify(name)} is not held: ${hash.slice(0, 16)}`,
        {
          hint: 'ask for the sections that are missing, or for all of them',
        },
      )
    return text
  })
  const text = texts.join('')
  if (!isSameHash(textHash(text), packed.hash))
    throw new MyceliumError(
      'diff_invalid',
      `the sections do not make the context ${packed.hash.slice(0, 16)}`,
      {
        hint: 'ask for all of the sections',
      },
    )
  return text
}
