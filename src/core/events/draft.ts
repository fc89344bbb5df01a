import { randomBytes } from 'node:crypto'
import { readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { identityOf } from '../process.ts'

/** A name beside the database for what nobody else needs to see; pairs with config/own-names.ts. */
export function draftOf(file: string): string {
  return `${file}.draft-${process.pid}-${randomBytes(4).toString('hex')}`
}

/** Removes what processes left that were killed while they had one; pairs with config/own-names.ts. */
export function sweepDrafts(file: string): void {
  for (const name of readdirSync(dirname(file))) {
    const pid = name.startsWith(`${basename(file)}.draft-`) ? /\.draft-(\d+)-/.exec(name)?.[1] : undefined
    if (pid !== undefined && identityOf(Number(pid)) === undefined)
      rmSync(join(dirname(file), name), { force: true })
  }
}
