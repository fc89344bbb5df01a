import {
  decodeString,
  elementsOf,
  findMember,
  type Member,
  membersOf,
  skipSpace,
  skipValue,
} from './json-text.ts'

/**
 * The params of an `initialize` without the client capabilities named (`sampling`, or `tasks.requests` for a part of
 * one): what is left stands byte for byte as it was. Text that is no JSON object comes back unchanged.
 */
export function withoutCapabilities(paramsText: string, names: readonly string[]): string {
  const line = Buffer.from(paramsText)
  const cuts: Cut[] = []
  for (const { start } of capabilityObjects(line)) collectCuts(line, start, names, cuts)
  return cutOut(line, cuts)
}

/** The names of the client's capabilities in the params of an `initialize`, in their order. */
export function capabilityNames(paramsText: string): string[] {
  const line = Buffer.from(paramsText)
  const capabilities = findMember(line, skipSpace(line, 0), 'capabilities')
  const members = capabilities === undefined ? [] : (membersOf(line, capabilities.start) ?? [])
  return [...new Set(members.map((member) => nameOf(line, member)))]
}

interface Cut {
  readonly start: number
  readonly end: number
}

/** All of them, were the key to come twice: a capability must not slip through in the other one. */
function capabilityObjects(line: Buffer): readonly Member[] {
  const members = membersOf(line, skipSpace(line, 0)) ?? []
  return members.filter((member) => nameOf(line, member) === 'capabilities')
}

function nameOf(line: Buffer, member: Member): string {
  return decodeString(line, member.keyStart, member.keyEnd) ?? ''
}

function collectCuts(line: Buffer, open: number, names: readonly string[], cuts: Cut[]): void {
  const members = membersOf(line, open) ?? []
  const kept = members.filter((member) => !names.includes(nameOf(line, member)))
  cuts.push(...memberCuts(members, kept))
  for (const member of kept) {
    const prefix = `${nameOf(line, member)}.`
    const inner = names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length))
    if (inner.length > 0) collectCuts(line, member.start, inner, cuts)
  }
}

/** A member that goes takes the comma after it along; those after the last one kept take the comma before them. */
function memberCuts(members: readonly Member[], kept: readonly Member[]): Cut[] {
  const [first, last] = [members[0], members.at(-1)]
  if (first === undefined || last === undefined || kept.length === members.length) return []
  const lastKept = kept.at(-1)
  if (lastKept === undefined) return [{ start: first.keyStart, end: last.end }]
  const cuts: Cut[] = []
  for (const [i, member] of members.entries()) {
    if (member === lastKept) break
    if (!kept.includes(member)) cuts.push({ start: member.keyStart, end: members[i + 1]!.keyStart })
  }
  if (last !== lastKept) cuts.push({ start: lastKept.end, end: last.end })
  return cuts
}

function cutOut(line: Buffer, cuts: readonly Cut[]): string {
  const parts: Buffer[] = []
  let from = 0
  for (const { start, end } of cuts.toSorted((a, b) => a.start - b.start)) {
    parts.push(line.subarray(from, start))
    from = end
  }
  parts.push(line.subarray(from))
  return Buffer.concat(parts).toString()
}

/** Values nested deeper count as equal only when they are written alike, so that no text exhausts the stack. */
const MAX_CANONICAL_DEPTH = 200

/**
 * One text for all ways to write the same JSON value, for use in keys only: members sorted by key, strings in one
 * spelling, no whitespace. Numbers stay as written and a key that comes twice comes twice: readers differ on both.
 * Throws SyntaxError on text that is not JSON.
 */
export function canonicalJson(text: string): string {
  JSON.parse(text)
  const line = Buffer.from(text)
  const start = skipSpace(line, 0)
  return canonicalValue(line, start, skipValue(line, start), 0)
}

function canonicalValue(line: Buffer, start: number, end: number, depth: number): string {
  const members = depth > MAX_CANONICAL_DEPTH ? undefined : membersOf(line, start)
  if (members !== undefined) {
    const sorted = members
      .map((member) => ({ member, name: nameOf(line, member) }))
      .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
      .map(
        ({ member, name }) =>
          `${JSON.stringify(name)}:${canonicalValue(line, member.start, member.end, depth + 1)}`,
      )
    return `{${sorted.join(',')}}`
  }
  const elements = depth > MAX_CANONICAL_DEPTH ? undefined : elementsOf(line, start)?.elements
  if (elements !== undefined) {
    return `[${elements.map((one) => canonicalValue(line, one.start, one.end, depth + 1)).join(',')}]`
  }
  const string = decodeString(line, start, end)
  return string === undefined ? line.toString('utf8', start, end) : JSON.stringify(string)
}
