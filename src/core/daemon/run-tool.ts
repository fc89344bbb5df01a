import type { Clock } from '../clock.ts'
import { spawnApart } from '../pool/spawn.ts'

const LIMIT_MS = 6_000
const MAX_SAID = 500

/** Runs a program of the system that says nothing when it has done its work. Rejects with what it said, or when it takes too long. */
export async function runTool(
  clock: Clock,
  env: Readonly<Record<string, string>>,
  file: string,
  args: readonly string[],
): Promise<void> {
  const child = await spawnApart(file, args, { cwd: '/', env, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    if (said.length < MAX_SAID) said += chunk.toString('utf8')
  })
  child.unref()
  const cancel = clock.after(LIMIT_MS, () => child.kill('SIGKILL'))
  const code = await new Promise((resolve) => child.once('exit', resolve))
  cancel()
  if (code !== 0) throw new Error(said.trim().split('\n', 1)[0] || `${file} ended with ${code}`)
}
