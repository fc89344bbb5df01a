import { fingerprint } from '../hash.ts'
import { glossOf } from './gloss.ts'
import type { KnownTool } from './tool.ts'

/** Characters; the model reads some 256 pieces of words. */
const MAX_CHARACTERS = 1_500
/** Hex digits: texts that are not the same have not the same key. */
const KEY_DIGITS = 32

/** What of a tool is held against a query by meaning: its name in plain words, and what it says that it does. */
export function meaningText({ name, title, description }: KnownTool): string {
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/[_\-.]+/g, ' ')
  const said = description || title
  // The English first: of Chinese the model knows next to nothing.
  const gloss = glossOf(said)
  return `${words}: ${gloss === '' ? '' : `${gloss}. `}${said}`.slice(0, MAX_CHARACTERS)
}

/** Under what the meaning of a text is kept: another text, another key. */
export function meaningKey(text: string): string {
  return fingerprint([text], KEY_DIGITS)
}
