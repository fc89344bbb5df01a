import { basename, join } from 'node:path'
import { isDatabaseName } from '../config/own-names.ts'
import type { Paths } from '../config/paths.ts'
import { namesIn } from '../names-in.ts'
import { OWN_ROOT_NAME } from './our-files.ts'

/** What is below the root when ours is removed. */
export interface Left {
  /** The path of the user's own settings, where they stay. */
  readonly settings?: string
  /** What to remove to be rid of them: all of the root, where nothing else is in it. */
  readonly removable?: string
  /** What else somebody put there, in a directory of our name: in any other it is no business of ours. */
  readonly others: readonly string[]
}

/** Looks what stays; recorded usage, where it was to stay, is told of elsewhere. */
export function leftBehind(paths: Paths, keepUsage: boolean): Left {
  const names = namesIn(paths.root)
  const settings = basename(paths.settings)
  const isKept = (name: string) => keepUsage && (isDatabaseName(name) || name === basename(paths.events))
  const isOurRoot = basename(paths.root) === OWN_ROOT_NAME
  return {
    ...(names.includes(settings) && {
      settings: paths.settings,
      removable: isOurRoot && names.length === 1 ? paths.root : paths.settings,
    }),
    others: names
      .filter((name) => isOurRoot && name !== settings && !isKept(name))
      .map((name) => join(paths.root, name)),
  }
}
