import type { TextFit, ToolIndex } from '../text/tool-index.ts'

/** Sentences end here; what an agent writes last is mostly what it does next. */
const SENTENCE_END = /[.!?:]\s+|\n+/
const MIN_SENTENCE_WORDS = 3

/** What a session did so far, and what was written in it last. */
export interface Course {
  readonly tools: number[]
  readonly servers: number[]
  readonly debuts: number[]
  /** Per tool: how often, and the step of the last use. */
  readonly uses: Map<number, { count: number; last: number }>
  /** Per tool and the one after it in this session: how often. */
  readonly followers: Map<number, Map<number, number>>
  prompt: { readonly text: string; readonly whole: TextFit; readonly last: TextFit; age: number } | undefined
}

/** A session in which nothing happened yet. */
export function freshCourse(): Course {
  return { tools: [], servers: [], debuts: [], uses: new Map(), followers: new Map(), prompt: undefined }
}

/** Takes a text that was written just before the next call. The same text again says nothing new. */
export function hear(course: Course, text: string | undefined, index: ToolIndex): void {
  if (text === undefined || text === course.prompt?.text) return
  const whole = index.fit(text)
  const sentence = lastSentence(text)
  course.prompt = { text, whole, last: sentence === text ? whole : index.fit(sentence), age: 0 }
}

/** Takes a call. */
export function step(course: Course, tool: number, server: number): void {
  const before = course.tools.at(-1)
  if (before !== undefined) {
    const after = course.followers.get(before) ?? new Map<number, number>()
    after.set(tool, (after.get(tool) ?? 0) + 1)
    course.followers.set(before, after)
  }
  if (!course.servers.includes(server)) course.debuts.push(server)
  course.uses.set(tool, { count: (course.uses.get(tool)?.count ?? 0) + 1, last: course.tools.length })
  course.tools.push(tool)
  course.servers.push(server)
  if (course.prompt !== undefined) course.prompt.age += 1
}

function lastSentence(text: string): string {
  const sentences = text
    .trim()
    .split(SENTENCE_END)
    .filter((part) => part.trim() !== '')
  let from = sentences.length - 1
  while (from > 0 && sentences.slice(from).join(' ').split(/\s+/).length < MIN_SENTENCE_WORDS) from -= 1
  return from <= 0 ? text : sentences.slice(from).join(' ')
}
