import type { Doc } from '../strategy.ts'
import { type JsonNode, readAt, readJson } from './read.ts'

/** Lines that are JSON, by their indices: one value, or one value a line. */
export interface JsonPart {
  readonly from: number
  readonly to: number
  readonly values: readonly JsonNode[]
  readonly isStream: boolean
}

const MIN_CHARS = 80
const MIN_STREAM = 3

/** The passages of a text that are JSON from the beginning of a line to the end of one, in order. */
export function jsonParts({ text, lines }: Doc): readonly JsonPart[] {
  const whole = readJson(text)
  if (whole !== undefined) {
    const last = lines.at(-1)!.text === '' && lines.length > 1 ? lines.length - 2 : lines.length - 1
    return isContainer(whole) ? [{ from: 0, to: last, values: [whole], isStream: false }] : []
  }
  const starts = [0]
  for (const line of lines) starts.push(starts.at(-1)! + line.text.length + 1)
  const texts = lines.map(({ text: line }) => line)
  const parts: JsonPart[] = []
  for (let i = 0; i < lines.length; ) {
    const stream = streamAt(texts, i)
    if (stream !== undefined) {
      parts.push(stream)
      i = stream.to + 1
      continue
    }
    const value = /^\s*[{[]\s*(["{[\]}\d-]|$)/.test(lines[i]!.text) ? valueAt(text, starts, i) : undefined
    if (value !== undefined) parts.push(value)
    i = (value?.to ?? i) + 1
  }
  return parts
}

function streamAt(lines: readonly string[], from: number): JsonPart | undefined {
  const values: JsonNode[] = []
  for (let i = from; i < lines.length && /^\{.*\}\s*$/.test(lines[i]!); i++) {
    const value = readJson(lines[i]!)
    if (value === undefined) break
    values.push(value)
  }
  if (values.length < MIN_STREAM) return undefined
  return { from, to: from + values.length - 1, values, isStream: true }
}

function valueAt(text: string, starts: readonly number[], from: number): JsonPart | undefined {
  const reading = readAt(text, starts[from]!)
  if (reading === undefined || !isContainer(reading.node) || reading.end - starts[from]! < MIN_CHARS)
    return undefined
  let to = from
  while (starts[to + 1]! <= reading.end) to++
  // Something else on its last line belongs to a text around it.
  if (text.slice(reading.end, starts[to + 1]! - 1).trim() !== '') return undefined
  return { from, to, values: [reading.node], isStream: false }
}

function isContainer({ type }: JsonNode): boolean {
  return type === 'array' || type === 'object'
}
