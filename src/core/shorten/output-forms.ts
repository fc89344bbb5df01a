/** Whether another text may stand in a member of a tool's `structuredContent`, or in a list that is one, without breaking what the tool says of its form. */
export type OutputForm = (member: string, isInList: boolean) => boolean

/** Says nothing about what else is allowed. */
const WORDS = ['title', 'description', 'default', 'examples', 'deprecated', 'readOnly', '$comment']
/** What an object may say without saying anything of the texts in it. */
const OF_OBJECT = [...WORDS, '$schema', '$id', '$defs', 'definitions', 'type', 'properties', 'required']
const OF_LIST = [...WORDS, 'type', 'items', 'minItems', 'maxItems']

/**
 * The forms that tools of a list declare for what they give, by name; a tool without `outputSchema` allows everything. Of a schema only what is plainly
 * free counts: a reference, a condition or a word that is not known here leaves the text as it is, as the client may hold the result to it.
 */
export function outputForms(tools: unknown): ReadonlyMap<string, OutputForm> {
  if (!Array.isArray(tools)) return new Map()
  return new Map(
    tools.flatMap((tool): [string, OutputForm][] => {
      const { name, outputSchema } = Object(tool)
      return typeof name === 'string'
        ? [[name, outputSchema === undefined ? () => true : formOf(outputSchema)]]
        : []
    }),
  )
}

function formOf(schema: unknown): OutputForm {
  if (!saysOnly(schema, [...OF_OBJECT, 'additionalProperties'])) return () => false
  const { type = 'object', properties = {}, additionalProperties: others = true } = schema
  if (type !== 'object') return () => false
  const known = new Map(Object.entries(Object(properties)))
  return (member, isInList) => {
    const one = known.has(member) ? known.get(member) : others
    return isInList ? isFreeList(one) : isFreeText(one)
  }
}

function isFreeText(schema: unknown): boolean {
  if (schema === true) return true
  if (saysOnly(schema, [...WORDS, 'type'])) {
    const { type = 'string' } = schema
    return Array.isArray(type) ? type.includes('string') : type === 'string'
  }
  // One that allows every text is enough.
  return saysOnly(schema, [...WORDS, 'anyOf']) && Array.isArray(schema.anyOf) && schema.anyOf.some(isFreeText)
}

function isFreeList(schema: unknown): boolean {
  if (schema === true) return true
  if (!saysOnly(schema, OF_LIST)) return false
  const { type = 'array', items = true } = schema
  return type === 'array' && isFreeText(items)
}

function saysOnly(schema: unknown, words: readonly string[]): schema is Readonly<Record<string, unknown>> {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return false
  return Object.keys(schema).every((key) => words.includes(key))
}
