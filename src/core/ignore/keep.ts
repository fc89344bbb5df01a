import type { RankedFile } from '../score/ranked.ts'

/** Why a file stays where agents see it. */
export type KeepReason =
  | 'named by you'
  | 'instructions for agents'
  | 'read or edited in recent sessions'
  | 'touched by recent commits'
  | 'manifest'
  | 'configuration'
  | 'types that others import'
  | 'test of a visible file'
  | 'costs nothing'
  | 'no pattern names it alone'
  | 'edited too often to hide'
  | 'worth its tokens'

/** What a plan must leave alone, whatever the scores say. */
export interface KeepRules {
  /** Files touched within so many commits stay. */
  readonly recentCommits: number
  /** Files that agents read or edited in recent sessions. */
  readonly used: ReadonlySet<string>
  /** The user's own word: negations in ignore files, `ignore.keep`, `mycelium ignore allow`. */
  readonly wanted: (path: string) => boolean
}

/** Files by which agents are told what to do, and what they are configured by: hiding them would change how an agent behaves. */
const INSTRUCTIONS =
  /^(readme(\.[a-z]+)?|(.*\/)?(claude|agents|gemini|codex|copilot-instructions|skill|conventions)(\.local)?\.md|\.(claude|cursor|codex|gemini|opencode|windsurf|roo|clinerules|junie|continue|aider[^/]*|mcp\.json|mycelium\.json|cursorrules|windsurfrules)(\/.*)?|opencode\.jsonc?)$/i
const IGNORE_FILE = /(^|\/)\.[a-z]*(ignore|exclude)$/

/** Why a file must stay; undefined where only its worth decides. Tests are judged beside their subjects (plan.ts). */
export function mustKeep(file: RankedFile, rules: KeepRules): KeepReason | undefined {
  if (rules.wanted(file.path)) return 'named by you'
  if (INSTRUCTIONS.test(file.path) || IGNORE_FILE.test(file.path)) return 'instructions for agents'
  if (rules.used.has(file.path)) return 'read or edited in recent sessions'
  if (file.commitsAgo < rules.recentCommits) return 'touched by recent commits'
  if (file.nature === 'manifest') return 'manifest'
  if (file.nature === 'config') return 'configuration'
  if (file.typesImported) return 'types that others import'
  if (file.tokens === 0) return 'costs nothing'
  return undefined
}

/** Names by which a test says what it tests: `a.test.ts`, `test_a.py`, `a_test.go`, `ATest.java`, `a_spec.rb`, `TestA.kt`. */
const TEST_NAMES = [
  /^(.+?)[._-](?:test|tests|spec|specs|e2e|unit|it)$/i,
  /^(?:test|tests|spec)[._-](.+)$/i,
  /^(.+?)(?:Test|Tests|Spec|IT)$/,
  /^(?:Test)([A-Z].*)$/,
]

/** The stem of a file's name: without its directory and its last extension. */
export function stemOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const dot = name.lastIndexOf('.')
  return dot > 0 ? name.slice(0, dot) : name
}

/** The stem of what a test is about, by its name; its own where the directory alone makes it a test. */
export function subjectStemOf(path: string): string {
  const stem = stemOf(path)
  for (const pattern of TEST_NAMES) {
    const found = pattern.exec(stem)?.[1]
    if (found !== undefined) return found.toLowerCase()
  }
  return stem.toLowerCase()
}
