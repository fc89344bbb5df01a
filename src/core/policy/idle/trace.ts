import { MyceliumError } from '../../errors.ts'

/** Columns of ids before the minutes; what they say is used for nothing. */
const ID_COLUMNS = 3
/** A half to learn from and a half to be judged on. */
const LEAST_MINUTES = 2

/** In which minutes one function was invoked: a bit each. */
export type UsedMinutes = Uint8Array

/** Invocations of functions: each row is one function, all rows have the same minutes. */
export interface IdleTrace {
  readonly minutes: number
  readonly rows: readonly UsedMinutes[]
  /** Lines that were left out, as they are no row. */
  readonly skippedRows: number
}

/** Whether the function was invoked in the minute, counted from 0. */
export function isUsed(row: UsedMinutes, minute: number): boolean {
  return (row[minute >> 3]! & (1 << (minute & 7))) !== 0
}

/** The minutes of a trace, by its header line. Throws idle_trace_invalid, where it cannot be a header. */
export function minutesOf(header: string): number {
  const columns = header.trimEnd().split(',')
  const minutes = columns.length - ID_COLUMNS
  if (minutes < LEAST_MINUTES)
    throw new MyceliumError(
      'idle_trace_invalid',
      `its first line has ${columns.length} columns: ${ID_COLUMNS} ids and at least ${LEAST_MINUTES} minutes are needed`,
    )
  const names = columns.slice(ID_COLUMNS)
  const numbers = names.map(countOf)
  const rises = numbers.every((number, i) => i === 0 || number! > numbers[i - 1]!)
  // A function's counts in place of a header: it would be lost without a word.
  if (!rises && numbers.every((number) => number !== undefined))
    throw new MyceliumError('idle_trace_invalid', 'its first line is a function and no header')
  const id = names.findIndex((name) => !/\d/.test(name))
  if (id !== -1)
    throw new MyceliumError(
      'idle_trace_invalid',
      `column ${ID_COLUMNS + id + 1} of its header, ${JSON.stringify(names[id]!.slice(0, 40))}, is no minute`,
    )
  return minutes
}

/** A line as the minutes in which its function was invoked; undefined for anything but three ids and `minutes` whole numbers from 0. */
export function rowOf(line: string, minutes: number): UsedMinutes | undefined {
  const cells = line.trimEnd().split(',')
  if (cells.length !== ID_COLUMNS + minutes) return undefined
  const row = new Uint8Array((minutes + 7) >> 3)
  for (let minute = 0; minute < minutes; minute++) {
    const calls = countOf(cells[ID_COLUMNS + minute]!)
    if (calls === undefined) return undefined
    if (calls > 0) row[minute >> 3]! |= 1 << (minute & 7)
  }
  return row
}

/** Other programs write counts as 3.0 or 1e3, which are whole too. */
function countOf(cell: string): number | undefined {
  const number = cell.trim() === '' ? Number.NaN : Number(cell)
  return Number.isInteger(number) && number >= 0 ? number : undefined
}
