import type { Role } from './table.ts'

/** What a role costs by itself. */
export interface Effect {
  /** Added to McCabe's number. */
  readonly decisions: number
  /** Added to the cognitive one: nothing, 1, or 1 and the nesting around it. */
  readonly weight: 'none' | 'flat' | 'structural'
  /** What is inside is one deeper for the cognitive one. */
  readonly nests: boolean
  /** Counts as a control structure for the nesting of a function. */
  readonly control: boolean
  /** Whether it matters to what is inside; the others are done with when they are met. */
  readonly encloses: boolean
}

const effect = (
  decisions: number,
  weight: Effect['weight'],
  flags: { nests?: true; control?: true; encloses?: true } = {},
): Effect => ({
  decisions,
  weight,
  nests: flags.nests ?? false,
  control: flags.control ?? false,
  encloses: flags.encloses ?? flags.nests ?? false,
})

/**
 * Cognitive weights are those of G. Ann Campbell, Cognitive Complexity (SonarSource, 2023), appendix B: structures
 * that nest cost 1 and their nesting, the rest of an if and labelled jumps cost 1. Decisions are McCabe's.
 */
export const EFFECTS: Readonly<Record<Role, Effect>> = {
  branch: effect(1, 'structural', { nests: true, control: true }),
  guard: effect(1, 'structural', { nests: true, control: true }),
  elseBranch: effect(1, 'flat'),
  else: effect(0, 'flat'),
  loop: effect(1, 'structural', { nests: true, control: true }),
  switch: effect(0, 'structural', { nests: true, control: true }),
  case: effect(1, 'none'),
  catch: effect(1, 'structural', { nests: true, control: true }),
  ternary: effect(1, 'structural', { nests: true }),
  decision: effect(1, 'none'),
  assert: effect(1, 'none', { encloses: true }),
  opaque: effect(0, 'none', { encloses: true }),
  jump: effect(0, 'flat'),
  binary: effect(0, 'none', { encloses: true }),
  logical: effect(1, 'none'),
  function: effect(0, 'none', { encloses: true }),
  lambda: effect(0, 'none', { encloses: true }),
  block: effect(0, 'none', { encloses: true }),
  scope: effect(0, 'none', { encloses: true }),
  comment: effect(0, 'none'),
  import: effect(0, 'none'),
}
