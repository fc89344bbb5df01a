import { indexOf, indexText } from '../../agents/index-text.ts'
import { failedResult, type OwnTool, textResult } from '../own-tool.ts'

/** Definitions of agents, when they are needed. */
export const LOAD_AGENT: OwnTool = {
  name: 'load_agent',
  title: 'Load an agent',
  description:
    'Without name: one line for each agent defined here. With name: its definition, or what changed since you got it.',
  inputSchema: { type: 'object', properties: { name: { type: 'string' } } },
  annotations: { readOnlyHint: true, openWorldHint: false },
  run: async ({ name }, { agents, agentsHeld, agentsAhead }) => {
    if (name !== undefined && typeof name !== 'string') return failedResult('name: of an agent in the index')
    if (name !== undefined && name !== '') {
      const ready = agentsAhead?.take(name)
      const { text } = agentsHeld.load(ready === undefined ? agents().agents : [ready], name)
      agentsAhead?.used(name)
      return textResult(text)
    }
    const { agents: definitions, broken } = agents()
    const unread = broken.map(({ file, because }) => `not read: ${file}: ${because}\n`).join('')
    return textResult(`${indexText(indexOf(definitions)) || 'no agents are defined here\n'}${unread}`)
  },
}
