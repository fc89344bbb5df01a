import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { blockIn, crontabBlock, withBlock, withoutBlock } from '../../src/core/jobs/crontab-block.ts'
import type { JobSet } from '../../src/core/jobs/job-set.ts'
import { verifies } from '../requirements.ts'

const set = (at: string): JobSet => ({
  version: 1,
  scheduler: 'cron',
  program: { node: '/usr/bin/node', script: '/opt/mycelium/bin/mycelium.js', env: { HOME: '/home/a' } },
  jobs: [{ name: 'compact', at, since: '2026-11-01T00:00:00.000Z' }],
})
const block = (at = '03:20', instance = 'ab12cd34') =>
  crontabBlock(set(at), { jobs: '/home/a/.mycelium/jobs' }, instance)

/** Crontabs as people have them: comments, environment, CRLF, no line end, bytes that are no UTF-8, blocks of other roots. */
const line = fc.oneof(
  fc.constantFrom(
    '# m h dom mon dow command',
    'MAILTO=""',
    'PATH=/usr/bin:/bin',
    '0 5 * * 1 tar -zcf /var/backups/home.tgz /home/ && date +\\%F',
    '@reboot /usr/bin/true',
    '',
    ' ',
    '# >>> mycelium ignore >>>',
    '# >>> mycelium jobs >>>',
    '# <<< mycelium jobs <<<',
  ),
  fc
    .string({ unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)) })
    .map((text) => text.replace(/[\n\r]/g, '')),
)
const crontab = fc
  .tuple(fc.array(line), fc.constantFrom('\n', '\r\n'), fc.boolean())
  .map(([lines, eol, isEnded]) => lines.join(eol) + (isEnded && lines.length > 0 ? eol : ''))

describe('a crontab', () => {
  it('is byte for byte what it was once the block is out again', () => {
    verifies('JOBS-1')
    fc.assert(
      fc.property(crontab, (text) => {
        const blocked = withBlock(text, block(), 'ab12cd34')
        expect(blocked.startsWith(text)).toBe(true)
        expect(withoutBlock(blocked, 'ab12cd34')).toBe(text)
      }),
    )
  })

  it('has the block once, however often it is put in, and with the last times', () => {
    fc.assert(
      fc.property(crontab, (text) => {
        const once = withBlock(text, block(), 'ab12cd34')
        expect(withBlock(once, block(), 'ab12cd34')).toBe(once)
        const other = withBlock(once, block('hourly'), 'ab12cd34')
        expect(blockIn(other, 'ab12cd34')).toBe(block('hourly'))
        expect(withoutBlock(other, 'ab12cd34')).toBe(text)
      }),
    )
  })

  it('keeps lines that were added behind the block, and the block of another root', () => {
    fc.assert(
      fc.property(crontab, crontab, (text, later) => {
        const ended = text === '' || text.endsWith('\n') ? text : `${text}\n`
        const other = block('04:00', '00000000')
        const grown = withBlock(text, block(), 'ab12cd34') + other + later
        expect(withoutBlock(grown, 'ab12cd34')).toBe(ended + other + later)
        expect(withoutBlock(withBlock(grown, block('hourly'), 'ab12cd34'), 'ab12cd34')).toBe(
          ended + other + later,
        )
      }),
    )
  })

  it('loses only our lines where somebody removed the end of the block', () => {
    const broken = withBlock('MAILTO=a\n', block(), 'ab12cd34').replace(/# <<<.*\n/, '0 1 * * * mine\n')
    expect(withoutBlock(broken, 'ab12cd34')).toBe('MAILTO=a\n0 1 * * * mine\n')
  })

  it('of the plain root has a block of its own name', () => {
    const both = withBlock(withBlock('', block('03:20', ''), ''), block(), 'ab12cd34')
    expect(withoutBlock(both, '')).toBe(block())
    expect(withoutBlock(both, 'ab12cd34')).toBe(block('03:20', ''))
  })
})
