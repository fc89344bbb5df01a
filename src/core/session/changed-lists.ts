import type { Frame } from '../protocol/frame.ts'

const KINDS = ['tools', 'prompts', 'resources'] as const

/** The list_changed notifications that a server of this greeting may send: what an agent is told when the process behind it is new. */
export function changedLists(greeting: Frame): readonly string[] {
  const result = JSON.parse(greeting.line.toString('utf8', greeting.bodyStart, greeting.bodyEnd)) as {
    capabilities?: Readonly<Record<string, { listChanged?: boolean } | undefined>>
  }
  return KINDS.filter((kind) => result.capabilities?.[kind]?.listChanged === true).map(
    (kind) => `notifications/${kind}/list_changed`,
  )
}
