import { statSync } from 'node:fs'
import { join } from 'node:path'
import { namesIn } from '../names-in.ts'
import { normalise, type PythonCommand } from './python-command.ts'
import type { Installed } from './resolve-npx.ts'
import { type Place, which } from './which.ts'

/**
 * The program `uvx` would run when the tool was installed with `uv tool install`, or the reason to leave it to uvx:
 * uvx's own cached environments have no stable place, and a version asked for is not looked up among the tools.
 */
export function resolveUvx(command: PythonCommand, place: Place): Installed | string {
  if (!command.plain) return 'an option may change which program or version uvx runs'
  if (command.wanted !== undefined) return 'a version was asked for'
  const tools = toolDirectory(place.env)
  if (tools === undefined) return 'no uv tool directory is known'
  const dir = join(tools, command.name)
  // uv writes the receipt last; a directory without one is not an installed tool.
  if (!statSync(join(dir, 'uv-receipt.toml'), { throwIfNoEntry: false })) return 'not installed as a uv tool'
  const binDir = join(dir, 'bin')
  const file = which(join(binDir, command.bin), place)
  const version = versionIn(dir, command.name)
  if (file === undefined || version === undefined) return `${dir} does not hold ${command.bin}`
  return { file, args: command.args, package: command.name, version, binDir, why: 'installed as a uv tool' }
}

function toolDirectory(env: NodeJS.ProcessEnv): string | undefined {
  if (env.UV_TOOL_DIR) return env.UV_TOOL_DIR
  if (env.XDG_DATA_HOME) return join(env.XDG_DATA_HOME, 'uv/tools')
  return env.HOME && join(env.HOME, '.local/share/uv/tools')
}

/** The version in `<name>-<version>.dist-info`. */
function versionIn(dir: string, name: string): string | undefined {
  const lib = join(dir, 'lib')
  for (const python of namesIn(lib)) {
    for (const entry of namesIn(join(lib, python, 'site-packages'))) {
      const found = /^(.+)-([^-]+)\.dist-info$/.exec(entry)
      if (found && normalise(found[1]!) === name) return found[2]
    }
  }
  return undefined
}
