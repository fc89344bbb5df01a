import { CLAUDE } from './claude.ts'
import { CODEX } from './codex.ts'
import { GEMINI } from './gemini.ts'
import { OPENCODE } from './opencode.ts'
import type { TranscriptReader } from './reader.ts'

/** Every client whose transcripts are read. */
export const READERS: readonly TranscriptReader[] = [CLAUDE, CODEX, GEMINI, OPENCODE]
