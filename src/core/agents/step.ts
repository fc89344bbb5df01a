/** What is done when a budget runs low, in the order announced: files as outlines, results cut with a way to the rest, advice to stop. */
export const STEPS = ['outline', 'cut', 'stop'] as const

/** One of them. */
export type Step = (typeof STEPS)[number]

/** The main agent of a session: it has no definition, and no client calls one of its agents so. */
export const MAIN = 'main'
