import { describe, expect, test } from '@jest/globals'
import { parse } from 'content-disposition'
import fc from 'fast-check'
import { toContentDisposition } from '../../../src/delivery/serve/clip-response.js'
import { toSafeFileName } from '../../../src/domain/file-name.js'

describe('Content-Disposition', () => {
  test.each([
    ['inline', 'front door.mp4', 'inline; filename="front door.mp4"'],
    ['attachment', 'été.mp4', 'attachment; filename="_t_.mp4"; filename*=UTF-8\'\'%C3%A9t%C3%A9.mp4'],
    ['attachment', '玄関.mp4', 'attachment; filename="__.mp4"; filename*=UTF-8\'\'%E7%8E%84%E9%96%A2.mp4'],
    ['inline', '👍.mp4', 'inline; filename="_.mp4"; filename*=UTF-8\'\'%F0%9F%91%8D.mp4'],
    ['inline', '100%41.mp4', 'inline; filename="100%41.mp4"; filename*=UTF-8\'\'100%2541.mp4'],
    ['inline', 'a"\r\nSet-Cookie: b\\', 'inline; filename="a___Set-Cookie_ b_.mp4"'],
    ['inline', '', 'inline; filename="clip.mp4"'],
  ] as const)('as %s of %j is %j', (type, name, expected) => {
    expect(toContentDisposition(type, name)).toBe(expected)
  })

  test('encodes any name reversibly, in ASCII', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (name) => {
        const header = toContentDisposition('attachment', name)
        expect(header).toMatch(/^[\x20-\x7e]*$/)
        expect(parse(header).parameters.filename).toBe(toSafeFileName(name) ?? 'clip.mp4')
      }),
    )
  })
})
