import { sharesIn, switchesIn } from './switches.ts'

/** How old what was read may be, ms: a change counts soon, and a busy session reads no files. */
const MAX_AGE_MS = 2_000

/** Settings that one project may set, for those who ask often. */
export interface ProjectSwitches {
  isOn(key: string): boolean
  share(key: string, byDefault: number): number
}

/** Those of a directory, over the user's; `now` in ms. */
export function projectSwitches(userFile: string, cwd: string, now: () => number): ProjectSwitches {
  let readAtMs = Number.NEGATIVE_INFINITY
  let read = { isOn: switchesIn({ userFile: '', env: {} }), share: sharesIn({ userFile: '' }) }
  const fresh = () => {
    if (now() - readAtMs > MAX_AGE_MS) {
      read = { isOn: switchesIn({ userFile, env: {}, cwd }), share: sharesIn({ userFile, cwd }) }
      readAtMs = now()
    }
    return read
  }
  return { isOn: (key) => fresh().isOn(key, false), share: (key, byDefault) => fresh().share(key, byDefault) }
}
