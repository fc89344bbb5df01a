/**
 * How one column of an event is kept: `time` is microseconds since the epoch, `text` a name that repeats, `label` a text that does not
 * (an id), `count` a whole number up to 2^53, `known` a count or -1 for not known, `cost` US dollars or -1 for not known, `flag` true or false.
 */
export type ColumnType = 'time' | 'text' | 'label' | 'count' | 'known' | 'cost' | 'flag'
