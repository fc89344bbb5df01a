/** A value as `--json` prints it: indented, one trailing line break, undefined left out. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
