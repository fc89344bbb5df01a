import type { Clock } from '../clock.ts'
import type { MyceliumError } from '../errors.ts'

/** The work's result, or the error that `late` makes when boundMs have passed. */
export function within<T>(
  clock: Clock,
  boundMs: number,
  work: Promise<T>,
  late: () => MyceliumError,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(boundMs, () => reject(late()))
    work.then(
      (value) => {
        cancel()
        resolve(value)
      },
      (error: unknown) => {
        cancel()
        reject(error)
      },
    )
  })
}
