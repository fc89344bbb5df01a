import { bash } from './bash.ts'
import { c, cpp } from './c.ts'
import { cSharp } from './csharp.ts'
import { go } from './go.ts'
import { java } from './java.ts'
import { kotlin } from './kotlin.ts'
import { php } from './php.ts'
import { python } from './python.ts'
import { ruby } from './ruby.ts'
import { rust } from './rust.ts'
import { swift } from './swift.ts'
import type { LanguageTable } from './table.ts'

/** A language that is read with a grammar. */
export type GrammarLanguage =
  | 'python'
  | 'go'
  | 'rust'
  | 'java'
  | 'kotlin'
  | 'c'
  | 'cpp'
  | 'c_sharp'
  | 'ruby'
  | 'php'
  | 'swift'
  | 'bash'

/** Tables by language. */
export const TABLES: Readonly<Record<GrammarLanguage, LanguageTable>> = {
  python,
  go,
  rust,
  java,
  kotlin,
  c,
  cpp,
  c_sharp: cSharp,
  ruby,
  php,
  swift,
  bash,
}

/** All of them. */
export const GRAMMAR_LANGUAGES = Object.keys(TABLES) as readonly GrammarLanguage[]
