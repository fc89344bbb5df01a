import type { Node } from './oxc.ts'

/** What a function is called that nothing names. */
export const ANONYMOUS = '<anonymous>'
/** Of a computed key, so much of its text is kept. */
const KEY_CHARACTERS = 40
/** Of `a.b.c.d…`, so many parts from the right. */
const MEMBER_PARTS = 4

/** The name of a property, method or member of an enumeration, as one would write it after a dot where that is possible. */
export function keyName(key: Node, computed: boolean, text: string): string {
  if (key.type === 'PrivateIdentifier') return `#${key.name}`
  if (key.type === 'Identifier' && !computed) return key.name
  if (key.type === 'Literal' && typeof key.value === 'string') return key.value
  const spelled = text.slice(key.start, Math.min(key.end, key.start + KEY_CHARACTERS))
  return key.type === 'Literal' ? spelled : `[${spelled.replace(/\s+/g, ' ')}]`
}

/** What an assignment or a declaration binds, `Foo.prototype.bar` for one; nothing for a pattern. */
export function targetName(target: Node, text: string): string | undefined {
  if (target.type === 'Identifier') return target.name
  const parts: string[] = []
  let node: Node = target
  while (node.type === 'MemberExpression' && parts.length < MEMBER_PARTS) {
    parts.unshift(keyName(node.property, node.computed, text))
    node = node.object
  }
  if (node.type === 'Identifier' && parts.length > 0) parts.unshift(node.name)
  return parts.length === 0 ? undefined : parts.join('.')
}
