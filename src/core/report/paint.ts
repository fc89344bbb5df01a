/** What a stretch of text means; the terminal decides how that looks. */
export interface Paint {
  strong(text: string): string
  faint(text: string): string
  good(text: string): string
  warn(text: string): string
  bad(text: string): string
}

const same = (text: string) => text
const sgr = (on: number, off: number) => (text: string) => `\u001b[${on}m${text}\u001b[${off}m`

/** No colours: pipes, files, NO_COLOR, dumb terminals. */
export const plainPaint: Paint = { strong: same, faint: same, good: same, warn: same, bad: same }

/** The sixteen colours every terminal theme defines. */
export const colourPaint: Paint = {
  strong: sgr(1, 22),
  faint: sgr(2, 22),
  good: sgr(32, 39),
  warn: sgr(33, 39),
  bad: sgr(31, 39),
}
