import { describe, expect, it } from 'vitest'
import { CLIENTS } from '../../src/core/clients/table.ts'
import { sandbox } from '../fixtures/configs/sandbox.ts'
import { SHAPES } from '../fixtures/configs/shapes.ts'
import { verifies } from '../requirements.ts'

describe('the configs of coding agents', () => {
  it('have a fixture for every client in the table', () => {
    expect(
      CLIENTS.map((client) => client.id).filter((id) => !SHAPES.some((shape) => shape.client === id)),
    ).toEqual([])
    expect(CLIENTS.length).toBeGreaterThanOrEqual(10)
  })

  for (const shape of SHAPES) {
    const path = shape.project ? `project/${shape.path}` : shape.path
    const open = () => {
      const box = sandbox({ platform: shape.platform ?? 'linux' })
      box.put(path, shape.text)
      return box
    }

    it(`${shape.client} ${path}: every entry is found, taken or left with its reason`, () => {
      verifies('LAUNCH-1')
      const { found, problems } = open().find()
      const takes = found.filter((entry) => entry.verdict === 'take')
      const leaves = found.filter((entry) => entry.verdict === 'leave')
      expect(problems).toEqual([])
      expect(found.map((entry) => entry.client)).toEqual(found.map(() => shape.client))
      expect(Object.fromEntries(takes.map((entry) => [entry.name, entry.argv]))).toEqual(shape.takes)
      expect(Object.fromEntries(leaves.map((entry) => [entry.name, entry.reason]))).toEqual(
        shape.leaves ?? {},
      )
    })

    it(`${shape.client} ${path}: init writes exactly this, a second init nothing, undo the first bytes`, async () => {
      verifies('LAUNCH-1')
      const box = open()
      expect((await box.init()).problems).toEqual([])
      expect(box.read(path).replaceAll(box.paths.launchers, '<L>')).toBe(shape.after)
      expect((await box.init()).changed).toEqual([])
      expect(box.find().found.filter((entry) => entry.verdict === 'take')).toEqual([])
      const undone = await box.undo()
      expect(undone.files.map((file) => file.outcome)).toEqual(['restored'])
      expect(undone.removed).toBe(true)
      expect(box.read(path)).toBe(shape.text)
    })

    it(`${shape.client} ${path}: with CRLF and a byte order mark every other byte stays`, async () => {
      verifies('LAUNCH-1')
      const crlf = (text: string) => `\uFEFF${text.replaceAll('\n', '\r\n')}`
      const box = open()
      box.put(path, crlf(shape.text))
      await box.init()
      expect(box.read(path).replaceAll(box.paths.launchers, '<L>')).toBe(crlf(shape.after))
      await box.undo()
      expect(box.read(path)).toBe(crlf(shape.text))
    })

    it(`${shape.client} ${path}: without journal and backups, undo goes by the entries themselves`, async () => {
      verifies('LAUNCH-1')
      const box = open()
      const before = box.find().found.map((entry) => entry.argv)
      await box.init()
      const { rmSync } = await import('node:fs')
      rmSync(box.paths.backups, { recursive: true })
      const { files } = await box.undo()
      expect(files.map((file) => file.outcome)).toEqual(['merged'])
      expect(box.find().found.map((entry) => entry.argv)).toEqual(before)
    })
  }
})
