const KB_PER_GB = 1024 * 1024
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const MINUS = '-'

/** Memory of KiB as a person reads it: "45 MB", "1.2 GB", "-3 MB". */
export function memoryText(kb: number): string {
  const size = Math.abs(kb)
  const sign = kb < 0 ? MINUS : ''
  if (size >= KB_PER_GB) return `${sign}${(size / KB_PER_GB).toFixed(1)} GB`
  const mb = size / 1024
  const text = mb < 10 ? mb.toFixed(1) : mb.toFixed(0)
  return Number(text) === 0 ? '0 MB' : `${sign}${text} MB`
}

/** A time of ms with about two digits: "3.4 ms", "410 ms", "12 s", "5 min". Negative ones keep their sign. */
export function timeText(ms: number): string {
  const size = Math.abs(ms)
  const sign = ms < 0 ? MINUS : ''
  if (size < 10) return `${sign}${Number(size.toFixed(1))} ms`
  if (size < 1_000) return `${sign}${Math.round(size)} ms`
  if (size < 10_000) return `${sign}${(size / 1_000).toFixed(1)} s`
  if (size < 2 * MINUTE_MS) return `${sign}${Math.round(size / 1_000)} s`
  return sign + ageText(size)
}

/** How long something has lasted, ms: its two largest units, "12 s", "5 min", "2 h 5 min", "3 d 4 h". */
export function ageText(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.floor(ms / 1_000)} s`
  const [large, small, big, unit, part] =
    ms >= DAY_MS
      ? (['d', 'h', DAY_MS, HOUR_MS, 24] as const)
      : ms >= HOUR_MS
        ? (['h', 'min', HOUR_MS, MINUTE_MS, 60] as const)
        : (['min', '', MINUTE_MS, MINUTE_MS, 1] as const)
  const rest = Math.floor(ms / unit) % part
  return `${Math.floor(ms / big)} ${large}${rest > 0 ? ` ${rest} ${small}` : ''}`
}
