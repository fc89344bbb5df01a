import { compress } from '../../compress/compress.ts'
import { STRATEGY_NAMES } from '../../compress/strategies.ts'
import type { CompressOptions } from '../../compress/strategy.ts'
import { MyceliumError, withHint } from '../../errors.ts'
import { judgeIn, nearIn } from '../../verdict/judge-by.ts'
import { failedResult, type OwnTool, textResult } from '../own-tool.ts'
import { MAX_CHARACTERS } from '../text-of.ts'

/** Writes a text in fewer tokens; its original is kept under a handle. */
export const COMPRESS_CONTENT: OwnTool = {
  name: 'compress_content',
  title: 'Compress a text',
  description:
    'Rewrite a long text in fewer tokens. Exact ways first; what leaves parts out is judged and marked. expand has the original.',
  inputSchema: {
    type: 'object',
    properties: {
      content: { type: 'string' },
      strategy: { type: 'string', description: 'Only this one, e.g. encoding, fold, sentences' },
      target: { type: 'number', description: 'Tokens, or share below 1; default 0.5' },
      path: { type: 'string', description: 'File name, for code' },
      query: { type: 'string', description: 'What you look for in it' },
      pin: { type: 'array', items: { type: 'string' }, description: 'Passages to keep verbatim' },
    },
    required: ['content'],
  },
  annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
  run: async ({ content, strategy, target, path, query, pin }, { originals, judging, count, parse }) => {
    if (typeof content !== 'string') return failedResult('content: a text')
    if (content.length > MAX_CHARACTERS)
      return failedResult(
        `content: ${content.length} characters are more than ${MAX_CHARACTERS}; send it in parts`,
      )
    if (strategy !== undefined && !STRATEGY_NAMES.includes(strategy as string))
      return failedResult(`strategy: one of ${STRATEGY_NAMES.join(', ')}`)
    if (target !== undefined && !(typeof target === 'number' && target > 0))
      return failedResult('target: a number of tokens, or a share of them below 1')
    for (const [name, given] of Object.entries({ path, query }))
      if (given !== undefined && typeof given !== 'string') return failedResult(`${name}: a text`)
    const pinned = pin ?? []
    if (!Array.isArray(pinned) || !pinned.every((one) => typeof one === 'string' && one !== ''))
      return failedResult('pin: a list of texts')
    const missing = pinned.find((one) => !content.includes(one))
    if (missing !== undefined) return failedResult(`pin: ${JSON.stringify(missing)} is not in the content`)
    const wanted = targetOf(target as number | undefined, () => count(content))
    const named = path === undefined ? {} : { path: path as string }
    const failures: MyceliumError[] = []
    const options: CompressOptions = {
      count,
      judge: judgeIn(judging),
      near: nearIn(judging),
      parse,
      pinned,
      keep: (text) => kept(() => originals.keep(text), failures),
      ...named,
      ...(query !== undefined && { query: query as string }),
      ...(strategy !== undefined && { strategies: [strategy as string] }),
      ...(wanted !== undefined && { target: wanted }),
    }
    const done = await compress(content, options)
    const [failure] = failures
    if (failure !== undefined) return failedResult(`not shortened: ${withHint(failure)}`)
    if (done.handle !== undefined)
      originals.note(done.handle, { ...done, ...(wanted !== undefined && { target: wanted }), ...named })
    const { handle = null, tokensBefore, tokensAfter, strategies, lossless } = done
    return textResult(done.content, {
      content: done.content,
      ...{ handle, tokensBefore, tokensAfter, strategies, lossless },
    })
  },
}

/** In tokens. */
function targetOf(target: number | undefined, tokens: () => number): number | undefined {
  if (target === undefined) return undefined
  return target < 1 ? Math.ceil(tokens() * target) : Math.ceil(target)
}

function kept(keep: () => string, failures: MyceliumError[]): string {
  try {
    return keep()
  } catch (error) {
    if (error instanceof MyceliumError) failures.push(error)
    throw error
  }
}
