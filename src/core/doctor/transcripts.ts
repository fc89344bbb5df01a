import type { Finding, Look } from './finding.ts'

/** Transcripts of clients that reports do not count yet. */
export function checkTranscripts({ unimported }: Look): readonly Finding[] {
  const count = unimported()
  if (count === undefined) return []
  const finding = { id: 'transcripts-unimported', subject: 'transcripts' } as const
  if (count === 0) return [{ ...finding, severity: 'ok', message: 'all are imported' }]
  return [
    { ...finding, severity: 'advice', message: `${count} are not imported`, fix: 'mycelium usage import' },
  ]
}
