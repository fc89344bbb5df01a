import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { MyceliumError } from '../errors.ts'
import type { Sandbox } from './sandbox.ts'

/** Runs this package's own `mycelium` in the sandbox, as a user would; resolves with its stdout. Throws demo_failed when it fails. */
export function runMycelium(packageRoot: string, sandbox: Sandbox, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd: sandbox.project, env: { ...sandbox.env } }
    execFile(
      process.execPath,
      [join(packageRoot, 'bin/mycelium.js'), ...args],
      options,
      (cause, stdout, stderr) => {
        if (cause === null) return resolve(stdout)
        const said = stderr.trim() || cause.message
        reject(new MyceliumError('demo_failed', `mycelium ${args.join(' ')}: ${said}`, { cause }))
      },
    ).stdin?.end()
  })
}
