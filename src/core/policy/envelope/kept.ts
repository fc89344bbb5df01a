import type { Paths } from '../../config/paths.ts'
import { MyceliumError } from '../../errors.ts'
import { nearest } from '../../nearest.ts'
import { type EnvelopeFile, readEnvelopes } from './file.ts'

/** What was kept, for a command that is about it. Throws envelope_none. */
export function keptEnvelopes(paths: Pick<Paths, 'envelopes'>): EnvelopeFile {
  const file = readEnvelopes(paths)
  if (file !== undefined) return file
  throw new MyceliumError('envelope_none', `no limits were kept, or ${paths.envelopes} cannot be understood`)
}

/** Throws unknown_server for the first name that no limit was kept of. */
export function refuseUnknown(names: readonly string[], { servers }: Pick<EnvelopeFile, 'servers'>): void {
  const unknown = names.find((name) => !Object.hasOwn(servers, name))
  if (unknown === undefined) return
  const close = nearest(unknown, Object.keys(servers))
  throw new MyceliumError('unknown_server', `no limit was kept of ${JSON.stringify(unknown)}`, {
    hint: close === undefined ? 'mycelium envelope show lists them' : `did you mean ${close}?`,
  })
}
