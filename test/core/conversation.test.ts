import { expect, it } from 'vitest'
import { readConversation, writtenWith } from '../../src/core/turns/conversation.ts'
import { verifies } from '../requirements.ts'

const read = (messages: readonly object[]) => readConversation(Buffer.from(JSON.stringify(messages)))
const use = (id: string) => ({ type: 'tool_use', id, name: 'read', input: { q: 1 } })
const result = (id: string, ...texts: string[]) => ({
  role: 'user',
  content: [{ type: 'tool_result', tool_use_id: id, content: texts.map((text) => ({ type: 'text', text })) }],
})

it('texts of one result have names of their own, so that only a later result supersedes them', () => {
  verifies('COMP-1')
  const { spoken } = read([
    { role: 'assistant', content: [use('a'), use('b')] },
    result('a', 'one', 'two'),
    result('b', 'three', 'four'),
  ])
  const names = spoken.map(({ name }) => name)
  expect(names[0]).not.toBe(names[1])
  expect(names.slice(2)).toEqual(names.slice(0, 2))
})

it('a result that names its tool and not its arguments is superseded by none', () => {
  verifies('COMP-1')
  const { spoken } = read([{ role: 'function', name: 'search', content: 'what the first search found' }])
  expect(spoken[0]).not.toHaveProperty('name')
})

it('is written with other texts in whatever order they stand', () => {
  verifies('COMP-1')
  const conversation = read([
    { role: 'tool', output: 'a', content: 'b', rest: 1 },
    { type: 'function_call_output', content: 'c', output: 'd' },
  ])
  const texts = conversation.spoken.map(({ text }) => `${text}!`)
  expect(JSON.parse(writtenWith(conversation, texts))).toEqual([
    { role: 'tool', output: 'a!', content: 'b!', rest: 1 },
    { type: 'function_call_output', content: 'c!', output: 'd!' },
  ])
})

it('of a transcript each message is written with its own texts', () => {
  verifies('COMP-1')
  const lines = Array.from({ length: 50 }, (_, i) => {
    const content = [{ type: 'text', text: `a${i}` }, { type: 'image' }, { type: 'text', text: `b${i}` }]
    const message = i % 2 === 0 ? { content, role: 'user' } : { role: 'assistant', content }
    return JSON.stringify({ type: message.role, message })
  })
  const conversation = readConversation(Buffer.from(lines.join('\n')))
  const out = writtenWith(
    conversation,
    conversation.spoken.map(({ text }) => `${text}!`),
  )
  const texts = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).content.map((one: { text?: string }) => one.text))
  expect(texts).toEqual(lines.map((_, i) => [`a${i}!`, undefined, `b${i}!`]))
})
