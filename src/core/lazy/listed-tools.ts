import type { Frame } from '../protocol/frame.ts'
import { scanFrame } from '../protocol/frame.ts'
import { decodeString, elementsOf, findMember, type Range } from '../protocol/json-text.ts'

/** Bytes of JSON that make a token, roughly; pairs with recorder/schema-events.ts. */
const BYTES_PER_TOKEN = 4

/** A definition as it stands in an answer to tools/list. */
export interface Listed extends Range {
  readonly name: string
  readonly tokens: number
}

/** The definitions in an answer to tools/list; undefined where it is none. */
export function listedIn({ line, bodyStart, isError }: Frame): readonly Listed[] | undefined {
  if (isError || bodyStart === -1) return undefined
  const tools = findMember(line, bodyStart, 'tools')
  const all = tools === undefined ? undefined : elementsOf(line, tools.start)?.elements
  return all?.map(({ start, end }) => {
    const name = findMember(line, start, 'name')
    const decoded = name === undefined ? undefined : decodeString(line, name.start, name.end)
    return { name: decoded ?? '', tokens: Math.ceil((end - start) / BYTES_PER_TOKEN), start, end }
  })
}

/** The answer with only those definitions: what is kept, and everything around it, stays byte for byte. */
export function withOnly(answer: Frame, keep: (tool: Listed) => boolean): Frame {
  const all = listedIn(answer)
  if (all === undefined || all.every(keep)) return answer
  const { line, bodyStart } = answer
  const tools = findMember(line, bodyStart, 'tools')!
  const kept = all.filter(keep).map(({ start, end }) => line.subarray(start, end))
  const comma = Buffer.from(',')
  const parts = kept.flatMap((part, i) => (i === 0 ? [part] : [comma, part]))
  const text = Buffer.concat([line.subarray(0, tools.start + 1), ...parts, line.subarray(tools.end - 1)])
  return scanFrame(text) as Frame
}
