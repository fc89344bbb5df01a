import { isUtf8 } from 'node:buffer'
import { resolve } from 'node:path'
import { applyToBytes, deltaOfBytes } from '../core/diff/bytes.ts'
import type { Section } from '../core/diff/sections.ts'
import { sectionChanges } from '../core/diff/structure.ts'
import { hasErrno, MyceliumError } from '../core/errors.ts'
import { readRegular } from '../core/regular-file.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'
import { printable } from '../core/report/printable.ts'

const MAX_FILE_BYTES = 64 * 1024 * 1024

/** `mycelium optimization diff`. Throws path_missing, config_unreadable. */
export async function runDiff(
  io: Io,
  basePath: string,
  nextPath: string,
  { json }: { readonly json?: boolean },
): Promise<void> {
  const [base, next] = [read(io, basePath), read(io, nextPath)]
  const { kind, text, patch } = deltaOfBytes(base, next)
  if (!json) return io.write(text)
  const version = ({ hash, lines }: { hash: string; lines: number }, bytes: Buffer) => ({
    hash,
    lines,
    bytes: bytes.length,
  })
  io.write(
    jsonText({
      kind,
      base: version(patch.base, base),
      next: version(patch.next, next),
      patchBytes: Buffer.byteLength(text),
      hunks: patch.hunks.length,
      sections: sectionChanges(base.toString('utf8'), next.toString('utf8')).map(
        ({ what, name, formerName, base: was, next: is }) => ({
          what,
          name,
          formerName: formerName ?? null,
          base: linesOf(was),
          next: linesOf(is),
        }),
      ),
      patch: text,
    }),
  )
}

/** `mycelium optimization apply`. Throws path_missing, config_unreadable, diff_base_wrong, diff_invalid. */
export async function runApply(
  io: Io,
  basePath: string,
  patchPath: string,
  { json, full }: { readonly json?: boolean; readonly full?: string },
): Promise<void> {
  const whole = full === undefined ? undefined : read(io, full)
  const { bytes: made, by } = applyToBytes(read(io, basePath), read(io, patchPath), whole)
  if (!json) return io.write(made)
  const encoding = isUtf8(made) ? 'utf8' : 'base64'
  io.write(jsonText({ bytes: made.length, by, encoding, text: made.toString(encoding) }))
}

function linesOf(section: Section | undefined): readonly [from: number, to: number] | null {
  return section === undefined ? null : [section.from, section.to]
}

function read(io: Io, path: string): Buffer {
  try {
    return readRegular(resolve(io.cwd, path), MAX_FILE_BYTES)
  } catch (cause) {
    if (hasErrno(cause, 'ENOENT', 'ENOTDIR'))
      throw new MyceliumError('path_missing', `${printable(path)} does not exist`, { cause })
    if (cause instanceof Error && 'code' in cause && !(cause instanceof MyceliumError))
      throw new MyceliumError('config_unreadable', `${printable(path)} cannot be read: ${cause.code}`, {
        cause,
      })
    throw cause
  }
}
