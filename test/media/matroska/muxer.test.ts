import { expect, test } from '@jest/globals'
import { MalformedMedia } from '../../../src/media/malformed-media.js'
import { buildTags, withUnknownSegmentSize } from '../../../src/media/matroska/muxer.js'
import { demux, eventsOf } from '../../support/demux.js'
import { readFixture } from '../../support/fixtures.js'
import { cluster, concatBytes, ebmlHeader, matroska, type SizeForm, tracks } from '../../support/mkv-builder.js'

test.each<SizeForm>(['known', 'unknown-1', 'unknown-8'])(
  'a session header with a Segment of %p size gets an unknown size of 8 octets',
  (form) => {
    const upload = matroska([tracks({ number: 1 }), cluster(0, [])], form)
    const [header] = eventsOf(demux(upload), 'tracks')
    const rewritten = withUnknownSegmentSize(header?.bytes ?? new Uint8Array(0))
    expect(rewritten).toEqual(matroska([tracks({ number: 1 })], 'unknown-8'))
  },
)

test('a header, tags and Clusters form a valid document again', () => {
  const upload = readFixture('h264-aac.mkv')
  const results = demux(upload)
  const [header] = eventsOf(results, 'tracks')
  const [, second] = eventsOf(results, 'cluster-end')
  const tags = [
    { name: 'AWS_KINESISVIDEO_FRAGMENT_NUMBER', value: '91343852333181432392682062607743920146159169392' },
    { name: 'grüße', value: '' },
  ]
  const given = concatBytes(
    withUnknownSegmentSize(header?.bytes ?? new Uint8Array(0)),
    buildTags(tags),
    upload.slice(second?.range.start, second?.range.end),
  )
  const again = demux(given)
  expect(again.failure).toBeNull()
  expect(eventsOf(again, 'tags').at(-1)?.tags).toEqual(tags)
  expect(eventsOf(again, 'cluster-end')[0]?.samples).toEqual(second?.samples)
})

test('input without a Segment is refused', () => {
  expect(() => withUnknownSegmentSize(ebmlHeader())).toThrow(MalformedMedia)
})
