/** The UTF-8 of a text, one character for each byte; half a surrogate pair is U+FFFD, as in everything that is sent. */
export function asBytes(text: string): string {
  return BEYOND_ASCII.test(text) ? Buffer.from(text).toString('latin1') : text
}

const BEYOND_ASCII = /[^\0-\x7f]/
