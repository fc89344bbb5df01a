import { homedir } from 'node:os'
import { join } from 'node:path'
import { type GitPlace, gitText } from './git.ts'

/** Files that git keeps, below the directory of place; none without git. Those of a merge that is not done come up to three times. */
export async function trackedFiles(place: GitPlace): Promise<readonly string[]> {
  const { end, bytes } = await gitText(['ls-files', '-z'], place)
  return end.how === 'done' ? bytes.toString().split('\0').filter(Boolean) : []
}

/** The file of the user's own rules of what git is to ignore; it may not be there. */
export async function userExcludes(place: GitPlace): Promise<string> {
  const { bytes } = await gitText(['config', '--type=path', '--get', 'core.excludesFile'], place)
  const { XDG_CONFIG_HOME, HOME } = place.env
  return (
    bytes.toString().replace(/\n$/, '') ||
    join(XDG_CONFIG_HOME || join(HOME || homedir(), '.config'), 'git/ignore')
  )
}
