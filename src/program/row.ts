import { type Argument, type Command, InvalidArgumentError, Option } from 'commander'
import type { Io } from '../core/report/io.ts'

/**
 * Runs one command with the operands and options that commander has checked against its row; a number it resolves to is the exit code,
 * anything else means 0. The command is itself, in its tree.
 */
/* biome-ignore lint/suspicious/noExplicitAny: types end at the parser */
export type Action = (io: Io, operands: any[], options: any, command: Command) => Promise<unknown>

/** One example under `--help` and in the man page: what to type, what it does. */
export type Example = readonly [command: string, effect: string]

/** One command that does something. */
export interface Leaf {
  /** Its last word. */
  readonly word: string
  /** One line, for lists of commands. */
  readonly summary: string
  /** For its own page; without it the summary, as a sentence. */
  readonly about?: string
  readonly parts?: readonly (Argument | Option)[]
  readonly examples?: readonly Example[]
  /** Imports its module when it runs: start-up is paid on every call, and help and man pages need none of it. */
  readonly run: Action
}

/** A word that gathers others. */
export interface Noun {
  readonly word: string
  readonly summary: string
  readonly about: string
  readonly examples: readonly Example[]
  readonly verbs: readonly Leaf[]
  /** What it does by itself, with no verb behind it; without this it shows its help. */
  readonly alone?: Pick<Leaf, 'parts' | 'run'>
}

/** `--json`, the same on every command that has it. */
export function json(): Option {
  return new Option('--json', 'print JSON on stdout')
}

/** An option that collects its values. */
export function repeated(flags: string, description: string): Option {
  return new Option(flags, description).argParser((value, before: readonly string[] | undefined) => [
    ...(before ?? []),
    value,
  ])
}

/** Reads a count; throws commander's own error otherwise. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}
