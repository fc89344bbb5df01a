import type { Order } from './analyze.ts'
import { analyzeAll, type ChildrenContext, childrenFor } from './children.ts'
import type { FileFacts } from './facts.ts'
import { isBinary } from './nature.ts'

interface Asked {
  readonly order: Order
  settle(facts: FileFacts | undefined): void
}

/** Looks at texts that are not on the disk, such as those of earlier commits: all that is asked for in one turn goes to the parsers together. */
export class Analyst {
  readonly #context: Omit<ChildrenContext, 'take' | 'root' | 'children'>
  #asked: Asked[] = []
  #work: Promise<void> = Promise.resolve()

  constructor(context: Omit<ChildrenContext, 'take' | 'root' | 'children'>) {
    this.#context = context
  }

  /** Facts of a text; undefined for binaries, and for what its parser did not survive. Rejects with interrupted. */
  factsOf(path: string, content: Buffer): Promise<FileFacts | undefined> {
    if (isBinary(content)) return Promise.resolve(undefined)
    if (this.#asked.length === 0) {
      const begin = () => this.#answer()
      this.#work = this.#work.then(() => new Promise<void>((resolve) => setImmediate(resolve))).then(begin)
    }
    const { promise, resolve } = withResolvers()
    const order = { path, bytes: content.length, text: content.toString('utf8') }
    this.#asked.push({ order, settle: resolve })
    return Promise.all([promise, this.#work]).then(([facts]) => facts)
  }

  async #answer(): Promise<void> {
    const asked = this.#asked
    this.#asked = []
    // Two of one name are two commits' versions of a file: names alone do not tell answers apart.
    await analyzeAll(
      asked.map(({ order }, id) => ({ ...order, id })),
      {
        ...this.#context,
        children: childrenFor(asked.length),
        root: '/',
        take: ({ id, facts }) => asked[id!]?.settle(facts),
      },
    )
  }
}

function withResolvers(): {
  promise: Promise<FileFacts | undefined>
  resolve: (facts: FileFacts | undefined) => void
} {
  let resolve: (facts: FileFacts | undefined) => void = () => {}
  const promise = new Promise<FileFacts | undefined>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
