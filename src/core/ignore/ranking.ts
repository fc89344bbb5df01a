import { MyceliumError } from '../errors.ts'
import type { RankRepository } from './source.ts'

/** Where `mycelium ignore` has its ranking from. There is none in this version. */
export const rankRepository: RankRepository = async (path) => {
  throw new MyceliumError('internal', `${path}: this version does not rank files`)
}
