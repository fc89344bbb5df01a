import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MyceliumError } from '../../errors.ts'
import type { Guard } from '../guard-file.ts'
import type { Canary } from './row.ts'

/** A hidden file that is looked into for a line that can be searched for is at most so long. */
const MAX_BYTES = 1_000_000

/**
 * Plants a file below a hidden directory, runs `work` with it, and removes it, whatever happens. Where no whole directory is hidden, a hidden file
 * that is there serves, by a word in it. Throws ignore_none where there is neither.
 */
export async function withCanary<T>(guard: Guard, work: (canary: Canary) => Promise<T>): Promise<T> {
  const mark = `canary${randomBytes(8).toString('hex')}`
  const directory = guard.directories.find((path) =>
    statSync(join(guard.project, path), { throwIfNoEntry: false })?.isDirectory(),
  )
  if (directory === undefined) return work(standingIn(guard))
  // The name says nothing of what is in it: a refusal quotes the name.
  const path = `${directory}/mycelium-${randomBytes(4).toString('hex')}.txt`
  const file = join(guard.project, path)
  writeFileSync(file, `${mark}\n`, { flag: 'wx' })
  try {
    return await work({ file, path, mark })
  } finally {
    rmSync(file, { force: true })
  }
}

function standingIn({ project, files }: Guard): Canary {
  for (const path of files) {
    const file = join(project, path)
    const stat = statSync(file, { throwIfNoEntry: false })
    if (stat === undefined || !stat.isFile() || stat.size > MAX_BYTES) continue
    const mark = readFileSync(file, 'utf8')
      .match(/[A-Za-z0-9_]{8,}/g)
      ?.filter((word) => !path.includes(word))
      ?.sort((a, b) => b.length - a.length)[0]
    if (mark !== undefined) return { file, path, mark }
  }
  throw new MyceliumError('ignore_none', `nothing that is hidden in ${project} is there to be tried`)
}
