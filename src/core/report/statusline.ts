import type { Paint } from './paint.ts'
import { printable } from './printable.ts'

/** What the daemon holds, as the status line shows it. */
export interface WarmCount {
  readonly processes: number
  readonly sessions: number
}

const MAX_NAME_CHARS = 40
/** Of the context window, per cent: from here on it is time to think of a new session. */
const CONTEXT_WARN = 70
const CONTEXT_BAD = 90

/**
 * One line of Claude Code's status: model, cost of the session, context used, what is warm. Of each part that the input does not hold, or
 * not as a number, nothing is said; an input that is no JSON leaves what the daemon says.
 */
export function statusLine(input: string, warm: WarmCount | undefined, paint: Paint): string {
  const { model, cost, context_window: context } = Object(parsed(input))
  const parts = [
    modelPart(model, paint),
    costPart(cost),
    contextPart(Object(context), paint),
    warmPart(warm, paint),
  ]
  return parts.filter((part) => part !== '').join(paint.faint(' · '))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function modelPart(model: unknown, paint: Paint): string {
  const { display_name: name, id } = Object(model)
  const shown = [name, id].find((one) => typeof one === 'string' && one !== '')
  return shown === undefined
    ? ''
    : paint.strong(printable(shown.replace(/\s+/g, ' ')).slice(0, MAX_NAME_CHARS))
}

function costPart(cost: unknown): string {
  const dollars = numberIn(cost, 'total_cost_usd')
  return dollars === undefined ? '' : `$${dollars.toFixed(2)}`
}

function contextPart(context: object, paint: Paint): string {
  const size = numberIn(context, 'context_window_size')
  const used = numberIn(context, 'used_percentage') ?? shareOf(numberIn(context, 'total_input_tokens'), size)
  if (used === undefined) return ''
  const colour = used >= CONTEXT_BAD ? paint.bad : used >= CONTEXT_WARN ? paint.warn : paint.good
  return `${colour(`${Math.round(used)}%`)} of ${size === undefined ? 'context' : thousands(size)}`
}

function shareOf(tokens: number | undefined, size: number | undefined): number | undefined {
  return tokens === undefined || !size ? undefined : (100 * tokens) / size
}

function thousands(tokens: number): string {
  return tokens >= 1_000_000 ? `${Number((tokens / 1_000_000).toFixed(1))}M` : `${Math.round(tokens / 1000)}k`
}

function warmPart(warm: WarmCount | undefined, paint: Paint): string {
  if (warm === undefined) return ''
  return paint.faint(
    `${warm.processes} warm, ${warm.sessions} ${warm.sessions === 1 ? 'session' : 'sessions'}`,
  )
}

function numberIn(holder: unknown, key: string): number | undefined {
  const value = Object(holder)[key]
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}
