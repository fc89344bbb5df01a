import { totalmem } from 'node:os'

/** Memory of the machine, or of the container that this runs in, MB of 2^20 bytes; a container without a bound says 2^64. */
export function machineMemoryMb(): number {
  const bound = process.constrainedMemory()
  return (bound > 0 ? Math.min(bound, totalmem()) : totalmem()) / 1024 / 1024
}
