import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { parseCodecPrivate } from '../../../src/media/codec/codec-private.js'
import { FrameCheck } from '../../../src/media/codec/frame-check.js'
import { demux, eventsOf } from '../../support/demux.js'

/** Real responses of Kinesis Video. We may not distribute them, so they may be missing. */
const FOLDER = '../shared/media'
const isThere = existsSync(FOLDER)
if (!isThere) console.warn(`${FOLDER} is missing: the captures of Kinesis Video are not tested`)
const onCaptures = isThere ? describe : describe.skip

function read(name: string) {
  const bytes = new Uint8Array(readFileSync(`${FOLDER}/${name}`))
  const results = demux(bytes, 1 << 16, (tracks) => new FrameCheck(tracks))
  expect(demux(bytes, 997, (tracks) => new FrameCheck(tracks))).toEqual(results)
  return results
}

onCaptures('captures of Kinesis Video', () => {
  test('of GetMedia are five documents, each with one fragment between AWS’s tags', () => {
    const results = read('output_get_media.mkv')
    expect(results.failure).toBeNull()
    expect(eventsOf(results, 'document')).toHaveLength(5)
    const ends = eventsOf(results, 'cluster-end')
    expect(ends.map(({ timestampMs }) => timestampMs)).toEqual([0, 2000, 4000, 6000, 8000])
    expect(ends.every(({ invalidFrame, samples }) => invalidFrame === null && samples.count === 60)).toBe(true)
    const [session] = eventsOf(results, 'tracks')
    expect(session?.tracks.map((track) => parseCodecPrivate(track).state)).toEqual(['ready'])
    const names = eventsOf(results, 'tags').flatMap(({ tags }) => tags.map(({ name }) => name))
    expect(names.filter((name) => name === 'AWS_KINESISVIDEO_FRAGMENT_NUMBER')).toHaveLength(5)
    expect(names.filter((name) => name === 'AWS_KINESISVIDEO_CONTINUATION_TOKEN')).toHaveLength(5)
  })

  test('of a producer are one document with eight Clusters', () => {
    const results = read('clusters.mkv')
    expect(results.failure).toBeNull()
    expect(eventsOf(results, 'cluster-end')).toHaveLength(8)
    expect(eventsOf(results, 'cluster-end').every(({ invalidFrame }) => invalidFrame === null)).toBe(true)
  })

  test('with mixed tags are ten fragments of a codec that no clip supports', () => {
    const results = read('test_mixed_tags.mkv')
    expect(results.failure).toBeNull()
    expect(eventsOf(results, 'cluster-end')).toHaveLength(10)
    expect(eventsOf(results, 'tracks').map(({ tracks }) => tracks.map((track) => parseCodecPrivate(track).state))).toEqual(
      new Array(10).fill(['unsupported']),
    )
  })

  test('with tags and no Cluster yield tags and no Cluster', () => {
    const results = read('test_tags_empty_cluster.mkv')
    expect(results.failure).toBeNull()
    expect(new Set(results.events.map(({ kind }) => kind))).toEqual(new Set(['document', 'tags']))
  })
})
