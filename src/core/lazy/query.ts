import { glossOf } from './gloss.ts'

/** Characters of a query that are looked at. */
export const MAX_QUERY = 2_000
const URL = /\bhttps?:\/\/([\w.-]+)\S*/giu
/** What begins like a path, or has a directory before a name with an ending. */
const PATH =
  /(?<![\w/])(?:[A-Za-z]:\\|~?\/|\.{1,2}\/)[^\s"'`,;:()]+|(?<![\w/])[\w.-]+(?:\/[\w.-]+)*\/[\w-]+\.[A-Za-z]\w{0,4}\b/gu

/**
 * What a query says of the tool that is wanted: what lies at a path or an address is about the matter at hand, and its words are no tool's. `open
 * /root/txt/paper_list.bib` opens a file and lists no papers. Of an address the host stays.
 */
export function wantedOf(query: string): string {
  const text = query.slice(0, MAX_QUERY)
  return `${text} ${glossOf(text)}`
    .trim()
    .replace(URL, (_, host: string) => `url ${host}`)
    .replace(PATH, (path) => {
      const ending = /\.([A-Za-z]\w{0,4})$/.exec(path)?.[1]
      return ending === undefined ? 'path' : `file ${ending}`
    })
}
