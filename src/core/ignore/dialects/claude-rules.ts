import { escaped, type Patterns } from '../patterns.ts'
import type { Rendering } from './dialect.ts'

/** Claude Code compares every path with every rule: a few hundred cost nothing, and what they cannot hold the hook does. */
export const MAX_RULES = 300

/**
 * Claude Code's `permissions.deny` rules: directories first, then what saves most. Holds for Read, Edit, Write, Grep, Glob and for files that
 * a shell command names (measured, also without trust and with --dangerously-skip-permissions).
 */
export function claudeRules(patterns: Patterns, tokensOf: (path: string) => number): Rendering {
  const files = [...patterns.files].sort((a, b) => tokensOf(b) - tokensOf(a) || (a < b ? -1 : 1))
  const rules = [
    ...patterns.directories.map((path) => readRule(`${escaped(path)}/**`)),
    ...files.map((path) => readRule(escaped(path))),
  ]
  const over = rules.length - MAX_RULES
  return {
    lines: rules.slice(0, MAX_RULES),
    lossy: [
      'deny rules do not stop `grep -rn`, `rg`, interpreters and file tools of MCP servers: the hook does',
      ...(over > 0
        ? [
            `${over} files are over the limit of ${MAX_RULES} rules: only the hook stands before them, and the Grep tool may quote them`,
          ]
        : []),
    ],
  }
}

/** One rule. Claude Code reads the text between the parentheses with `\` before `\`, `(` and `)`, then as a gitignore pattern below the project. */
export function readRule(pattern: string): string {
  return `Read(./${pattern.replace(/[\\()]/g, '\\$&')})`
}

/** The gitignore pattern of a rule on reading files; undefined for any other rule. Pairs with readRule. */
export function patternOfRule(rule: string): string | undefined {
  const inside = /^Read\((.*)\)$/s.exec(rule)?.[1]
  if (inside === undefined) return undefined
  const pattern = inside.replace(/\\([\\()])/g, '$1')
  // `./x` and `x` count from the project; other roots are not below it.
  if (/^(\/\/|~)/.test(pattern)) return undefined
  return pattern.replace(/^\.?\//, '/')
}
