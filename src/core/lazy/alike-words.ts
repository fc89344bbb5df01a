import { stemOf } from '../policy/text/words.ts'

/** Words that people and tools use for the same deed or thing, one group a line. General English only: nothing of one server. */
const GROUPS = `
delete remove erase drop
create make add new generate insert
get fetch retrieve read obtain download load
list show enumerate browse display
search find query lookup discover locate
update edit modify set replace
write save store put
send post submit publish
run execute start launch invoke call
stop kill terminate cancel end
open access
copy duplicate clone
move rename
directory folder dir
file document
picture image photo
web website page url site
repository repo project
directions route navigation
convert transform translate export
compute calculate evaluate
message mail email
price cost quote
location place address
time date
latest newest recent current
trend trending popular hot
table spreadsheet sheet
chart plot graph diagram visualize
command shell terminal
database db
info information details metadata
log history
summary summarize overview
`

const ALIKE: ReadonlyMap<string, readonly string[]> = (() => {
  const alike = new Map<string, string[]>()
  for (const line of GROUPS.trim().split('\n')) {
    const stems = line.split(' ').map(stemOf)
    for (const stem of stems)
      alike.set(stem, [...(alike.get(stem) ?? []), ...stems.filter((other) => other !== stem)])
  }
  return alike
})()

/** The stems that mean about the same as a stem. */
export function alikeTo(stem: string): readonly string[] {
  return ALIKE.get(stem) ?? []
}
