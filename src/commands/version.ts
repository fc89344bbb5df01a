import { packageVersion } from '../core/config/package-root.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'

/** `mycelium version`. */
export interface VersionOptions {
  readonly json?: boolean
}

/** Prints what is installed and what runs it: what a bug report needs first. */
export async function runVersion(io: Io, options: VersionOptions): Promise<void> {
  const facts = {
    mycelium: packageVersion(),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
  }
  io.write(
    options.json ? jsonText(facts) : `mycelium ${facts.mycelium} (node ${facts.node}, ${facts.platform})\n`,
  )
}
