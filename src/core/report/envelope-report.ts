import type { Enforcement } from '../daemon/wire-envelopes.ts'
import type { EnvelopeFile } from '../policy/envelope/file.ts'
import { memoryText } from './amounts.ts'
import { counted } from './counted.ts'
import { printable } from './printable.ts'
import { table } from './table.ts'

/** The shape of `envelope show --json` and `envelope tune --json`: the file, whether it was kept, and what holds servers to it. Stable: docs/envelopes.md. */
export function envelopesJson(
  file: EnvelopeFile,
  kept: boolean,
  { enabled, mechanism, refused }: Pick<Enforcement, 'enabled' | 'mechanism' | 'refused'>,
): object {
  const { tunedAt, ceilingMb, guaranteesFit, servers, resets } = file
  const list = Object.entries(servers).map(([server, envelope]) => ({ server, ...envelope }))
  return {
    tunedAt,
    kept,
    ceilingMb,
    guaranteesFit,
    servers: list,
    resets,
    enforcement: { enabled, mechanism, refused },
  }
}

/** Limits as a person reads them. */
export function envelopesText(file: EnvelopeFile, width: number): string {
  const { ceilingMb, guaranteesFit, servers } = file
  const all = Object.entries(servers)
  const totalMb = all.reduce((sum, [, { hardMb, processes }]) => sum + hardMb * processes, 0)
  const asideMb = all.reduce((sum, [, one]) => sum + (one.asideMb ?? one.hardMb) * one.processes, 0)
  const aside = asideMb < totalMb ? `set aside for them, where memory is lent: ${mb(asideMb)}\n` : ''
  const head = `${counted(all.length, 'server')}; hard limits of all processes come to ${mb(totalMb)} of ${mb(ceilingMb)}\n${aside}`
  const short = guaranteesFit
    ? ''
    : 'not even the guarantees fit: the largest were cut; next: mycelium config set envelope.ceiling=SHARE, or run fewer servers\n'
  if (all.length === 0) return head
  const rows = all.map(([server, one]) => [
    printable(server),
    mb(one.softMb),
    mb(one.hardMb),
    mb(one.guaranteeMb),
    String(one.processes),
    `${Math.round(100 * one.confidence)} %`,
    one.since.slice(0, 16).replace('T', ' '),
    printable(one.because),
  ])
  return `${head}${short}\n${table(
    [
      { title: 'SERVER', shrinks: true },
      { title: 'SOFT', align: 'right' },
      { title: 'HARD', align: 'right' },
      { title: 'GUARANTEE', align: 'right' },
      { title: 'N', align: 'right' },
      { title: 'SURE', align: 'right' },
      { title: 'SINCE (UTC)' },
      { title: 'WHY', shrinks: true },
    ],
    rows,
    width,
  )}`
}

function mb(amount: number): string {
  return memoryText(amount * 1024)
}
