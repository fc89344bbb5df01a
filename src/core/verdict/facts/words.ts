/** Words that turn a sentence round. One that goes missing from a sentence that stays is a change of meaning, never a saving. */
export const NEGATIONS = setOf(
  'not no never none neither nor without cannot unless except nobody nothing nowhere hardly barely',
)

/** Words that say how far something holds: duty, leave, amount, order in time. As binding as a negation. */
export const MODALS = setOf(
  `must shall should may might can could required mandatory optional always sometimes often rarely only all any some every each
   most few least if until before after except instead`,
)

/** Words with an opposite that a model of meaning hardly tells from them. They may be left out, but not exchanged. */
export const POLAR = setOf(
  `true false yes no on off enabled disabled enable disable enables disables pass passed passes passing fail failed fails failing failure
   success succeeded successful successfully up down increase increased increases decrease decreased decreases allow allowed allows deny
   denied denies accept accepted accepts reject rejected rejects open opened opens close closed closes start started starts stop stopped
   stops above below more less fewer greater smaller higher lower min max minimum maximum read write add added adds remove removed removes
   include included includes exclude excluded excludes valid invalid safe unsafe public private first last grant granted revoke revoked
   lock locked unlock unlocked connect connected disconnect disconnected online offline alive dead error warning warn info debug fatal
   todo done yes present absent import export push pull upgrade downgrade encrypt decrypt left right ascending descending asc desc`,
)

/** Words that hold a sentence together. They may be left out, but one in place of another is a change: from and to, and and or. */
export const JOINTS = setOf('and or to from by into onto over under with via than versus vs between through')

/** Words that carry nothing by themselves; their order says nothing either. */
export const STOP = setOf(
  `a an the is are was were be been being it its this that these those of in at as for there here has have had do does did will would
   so then also just very which who whom whose what when where we you they he she i our your their his her them us me my`,
)

/** Units that may stand apart from their number. Shorter ones count only where they touch it. */
export const UNITS =
  'ns|µs|us|ms|sec|secs|seconds?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?|bytes?|bits?|kB|KB|MB|GB|TB|PB|KiB|MiB|GiB|TiB|kbps|Mbps|Gbps|Hz|kHz|MHz|GHz|px|pt|rem|em|km|cm|mm|kg|mg|lb|lbs|miles?|percent|USD|EUR|dollars?|euros?|tokens?|rpm|rps|qps|tps|fps|mA|mV|kW|kWh|°C|°F'

/** Units of one or two letters, and signs. */
export const SHORT_UNITS = '%|s|m|h|d|w|k|K|M|G|T|B|b|x|W|V|A|C|F|€|g|l|L'

function setOf(words: string): ReadonlySet<string> {
  return new Set(words.split(/\s+/))
}
