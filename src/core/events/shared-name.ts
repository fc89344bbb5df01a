/** The segment of many short processes, one frame in one write each, while it is written. In a file of its own: hooks need nothing else of segments. */
export const SHARED_NAME = 'shared.seg'
