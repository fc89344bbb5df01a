import { closeSync, readSync } from 'node:fs'
import { basename } from 'node:path'
import { openRegular } from '../regular-file.ts'

/** Of the hard bound, what the old generation of a Node process may come to: the rest is code, buffers and the young generation. */
const HEAP_SHARE = 0.75
/** Node itself needs about as much; below, garbage collection is all it does. */
const LEAST_HEAP_MB = 32
const OWN_WORD = /--max[-_]old[-_]space[-_]size|--max[-_]heap[-_]size/
const HEAD_BYTES = 128

/** Variables that tell the runtime of a server what it may have; none where it has no such word, or the user has said it. */
export function runtimeVariables(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  hardMb: number,
): Readonly<Record<string, string>> {
  if (!isNode(file)) return {}
  const given = env.NODE_OPTIONS ?? ''
  if (OWN_WORD.test(given) || args.some((arg) => OWN_WORD.test(arg))) return {}
  const word = `--max-old-space-size=${Math.max(LEAST_HEAP_MB, Math.floor(hardMb * HEAP_SHARE))}`
  return { NODE_OPTIONS: given.trim() === '' ? word : `${given} ${word}` }
}

/** Whether a program is Node, or a script that says so in its first line. */
export function isNode(file: string): boolean {
  if (/^(node|nodejs|npx|npm)$/.test(basename(file))) return true
  return /^#!.*\bnode(js)?(\s|$)/.test(firstLine(file))
}

function firstLine(file: string): string {
  let fd: number | undefined
  try {
    fd = openRegular(file)
    const head = Buffer.alloc(HEAD_BYTES)
    return head.toString('utf8', 0, readSync(fd, head)).split('\n', 1)[0]!
  } catch {
    return ''
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}
