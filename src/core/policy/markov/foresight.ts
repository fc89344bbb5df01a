import { type Ahead, type Foreseen, foreseenIn, LOOKED_AT } from './ahead.ts'
import type { TrainedModel } from './model-file.ts'
import { type Predictor, predictorOf } from './predictor.ts'
import type { ToolText } from './traffic.ts'
import type { Verdict } from './verdict.ts'

/** One question of the daemon to its child, a line of JSON. Pairs with daemon/foreseer.ts. */
export interface Question {
  readonly id: number
  /** The session's latest calls, oldest first. */
  readonly calls: readonly (readonly [server: string, tool: string])[]
  /** What was written just now; used for this answer alone. */
  readonly text?: string
}

/** Its answer, a line of JSON. Where the model may not be used nothing is foreseen, and `verdict` says why. */
export interface Foresight {
  readonly id: number
  readonly verdict: Verdict
  readonly servers: readonly Foreseen[]
}

/** Answers questions by one model. */
export function foresightBy(
  { model, training }: TrainedModel,
  known: readonly ToolText[],
): (question: Question) => Foresight {
  const verdict = usable(training.verdict, training.heldOut.ahead)
  const { ahead } = training.heldOut
  let predictor: Predictor | undefined
  return ({ id, calls, text }) => {
    if (!verdict.use || ahead === undefined) return { id, verdict, servers: [] }
    predictor ??= predictorWith(model, known)
    const course = predictor.open()
    for (const [server, tool] of calls) predictor.step(course, server, tool)
    predictor.hear(course, text)
    return { id, verdict, servers: foreseenIn(predictor.predict(course, LOOKED_AT), ahead) }
  }
}

function usable(verdict: Verdict, ahead: Ahead | undefined): Verdict {
  if (!verdict.use || ahead !== undefined) return verdict
  return { use: false, because: 'it was trained by an earlier version: mycelium prewarm train' }
}

function predictorWith(model: TrainedModel['model'], known: readonly ToolText[]): Predictor {
  // What a server lists now says more than what was known at the training.
  const texts = [...model.texts, ...known]
  for (const { server, tool } of known) model.knowledge.vocabulary.add(server, tool)
  return predictorOf({ ...model, texts })
}
