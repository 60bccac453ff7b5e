import { at } from '../../lib/at.js'
import { layOutMovie } from '../../media/mp4/write/lay-out-movie.js'
import { finishNow } from '../../media/steps.js'
import { buildFragmentMovie } from '../../media/timeline/fragment-movie.js'
import type { Archive } from '../archive/archive.js'
import type { ArchivedFragment } from '../archive/archived-fragment.js'
import { AwsException } from '../wire/aws-exception.js'
import type { MediaAnswer } from '../wire/operation.js'
import { checkClipCodecs, sessionMedia } from './session-media.js'
import { readRetained, readSlices } from './slice-reader.js'

/**
 * Builds an MP4 over the files of the fragments. Refuses unsupported media as GetClip does. `isStrict` also refuses the codec pairs that are
 * not in AWS's table of playback requirements.
 */
export function buildClip(archive: Archive, fragments: readonly ArchivedFragment[], isStrict: boolean): MediaAnswer {
  const media = fragments.map(({ sessionId }) => sessionMedia(archive.session(sessionId) ?? refuseExpired()))
  checkClipCodecs([...new Set(media)], { isStrict })
  checkFrames(fragments)
  const samples = archive.samples(fragments)
  const movie = buildFragmentMovie(
    fragments.map((fragment, index) => ({
      tracks: at(media, index).tracks,
      samples: samples[index] ?? refuseExpired(),
      session: fragment.sessionId,
      timestampMs: fragment.producerTimestampMs,
      source: index,
      clusterOffset: 0,
      clusterBytes: fragment.clusterBytes,
    })),
  )
  const { slices, sizeBytes } = finishNow(layOutMovie(movie))
  const open = (source: number) => archive.open(at(fragments, source))
  return { contentType: 'video/mp4', sizeBytes, body: readRetained(archive, fragments, () => readSlices(slices, open)) }
}

function checkFrames(fragments: readonly ArchivedFragment[]): void {
  const faulty = fragments.find(({ frameFault }) => frameFault !== null)
  if (faulty === undefined) return
  throw new AwsException('InvalidMediaFrameException', `Fragment ${faulty.fragmentNumber} has an invalid frame: ${faulty.frameFault}.`)
}

/** The fragment was selected, and has expired since. */
function refuseExpired(): never {
  throw new AwsException('ResourceNotFoundException', NO_FRAGMENTS)
}

export const NO_FRAGMENTS = 'No fragments found in the stream for the clip request.'
