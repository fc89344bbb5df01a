import { askHook, type VerifyPlace, whyUnasked } from './ask-hook.ts'
import { deniedByRules } from './claude-rules.ts'
import { type Canary, probesFor, rowFor, type VerifyRow } from './row.ts'

/** Tools that deny rules hold for by the path that they are given, or that leave out what is denied. */
const RULED = /^(Read|Grep|Edit|Bash cat)$/

/** Claude Code without Claude Code: its deny rules evaluated, and the installed hook really run with the inputs that it would get. */
export async function verifyClaude(canary: Canary, place: VerifyPlace): Promise<readonly VerifyRow[]> {
  const isDenied = deniedByRules(place.project, canary.path)
  const unasked = whyUnasked('claude-code', place)
  const rows: VerifyRow[] = []
  for (const probe of probesFor(canary, place.project)) {
    const byHook = unasked ?? (await askHook('claude-code', probe, canary, place))
    rows.push(
      rowFor('claude-code', probe, isDenied && RULED.test(probe.name) ? 'deny rule' : undefined, byHook),
    )
  }
  return rows
}
