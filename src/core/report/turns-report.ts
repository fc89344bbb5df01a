import { printable } from './printable.ts'
import { table } from './table.ts'

/** What became of one text of a conversation. */
export interface TurnRow {
  readonly turn: number
  readonly role: string
  readonly name: string | null
  readonly tokensBefore: number
  readonly tokensAfter: number
  readonly handle: string | null
  readonly strategies: readonly string[]
  readonly lossless: boolean
}

/** Rows that stderr has; --json has all. */
const MAX_ROWS = 30

/** What became of a conversation, for stderr: the sums, then the texts that are shorter, those that saved most first. */
export function turnsText(
  rows: readonly TurnRow[],
  { tokensBefore, tokensAfter }: { readonly tokensBefore: number; readonly tokensAfter: number },
  width: number,
): string {
  const shorter = rows.filter((row) => row.tokensAfter < row.tokensBefore)
  const share = tokensBefore === 0 ? 0 : Math.round((1 - tokensAfter / tokensBefore) * 100)
  const sums = `${rows.length} texts, ${tokensBefore} -> ${tokensAfter} tokens (-${share} %), ${shorter.length} shortened\n`
  if (shorter.length === 0) return sums
  const most = shorter
    .toSorted((a, b) => b.tokensBefore - b.tokensAfter - (a.tokensBefore - a.tokensAfter))
    .slice(0, MAX_ROWS)
  const list = table(
    [
      { title: 'TURN', align: 'right' },
      { title: 'ROLE' },
      { title: 'BEFORE', align: 'right' },
      { title: 'AFTER', align: 'right' },
      { title: 'HOW', shrinks: true },
      { title: 'ORIGINAL' },
    ],
    most.map((row) => [
      String(row.turn),
      printable(row.role),
      String(row.tokensBefore),
      String(row.tokensAfter),
      row.strategies.join(', ') || 'as it was sent',
      row.handle ?? '',
    ]),
    width,
  )
  return `${sums}${list}${shorter.length > MAX_ROWS ? `and ${shorter.length - MAX_ROWS} more: --json has all\n` : ''}`
}
