// Controls but tab and line end, and the marks that turn the direction of text.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to find
const UNPRINTABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g

/**
 * A text from somebody's file, safe to show: what would steer the terminal appears as `\u001b`. A repository may bring
 * configs, and a name in one must not be able to repaint what the user is asked to agree to.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
