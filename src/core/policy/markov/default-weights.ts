import type { Weights } from './fit.ts'

/**
 * What features count before a user's own traffic says more, in the order of TOOL_FEATURES and SERVER_FEATURES: fitted by fitChoices() to public
 * traffic of other people (airline desks, file and ticket work, office tasks over 30 servers), each set counting alike.
 */
export const DEFAULT_WEIGHTS: Weights = {
  tools: [
    0.3, -0.05, -0.06, -0.03, 0.03, 0.73, 0.01, -0.94, 3.25, 0.66, 2.98, 1.4, 0.88, -0.31, -0.41, 3.21, 1.33,
    2.51, 2.25, 0.59, 1.02, 2.16, -0.57, -0.07, 0.3, 0.39,
  ],
  servers: [0.55, 0.5, 2.59, 0.91, 1.21, 0.18, 1.17, 0.61, 1.92, 1.75, 2.11],
}
