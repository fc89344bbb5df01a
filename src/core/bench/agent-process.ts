import { join } from 'node:path'
import { MyceliumError } from '../errors.ts'
import type { AgentRequests } from './agent.ts'
import { AgentSession } from './agent-session.ts'
import type { Sandbox } from './sandbox.ts'

/** An agent that runs in a process of its own; pairs with agent.ts. */
export interface AgentProcess {
  readonly pid: number
  ask<M extends keyof AgentRequests>(
    method: M,
    params: AgentRequests[M]['params'],
  ): Promise<AgentRequests[M]['result']>
  /** SIGKILL, and wait for the end of the agent (not of its servers). */
  kill(): Promise<void>
}

/** Starts an agent in the sandbox from the package's dist/. */
export function startAgent(packageRoot: string, sandbox: Sandbox): AgentProcess {
  // An agent is driven the way it drives its servers: JSON lines over three pipes.
  const session = new AgentSession({
    command: process.execPath,
    args: [join(packageRoot, 'dist/agent.js')],
    env: sandbox.env,
    cwd: sandbox.project,
  })
  return {
    pid: session.child.pid!,
    ask: async (method, params) => {
      const { result, error } = await session.request(method, params)
      if (error) throw new MyceliumError('demo_failed', `${method}: ${error.message}`)
      return result as AgentRequests[typeof method]['result']
    },
    kill: () => {
      session.child.kill('SIGKILL')
      return session.ended
    },
  }
}
