import { buildClip, NO_FRAGMENTS } from '../clip/clip-builder.js'
import { checkClipRange, selectClipFragments } from '../clip/clip-selection.js'
import { AwsException } from '../wire/aws-exception.js'
import { parseFragmentSelector } from '../wire/selectors.js'
import { parseStructure } from '../wire/wire-input.js'
import type { KvsServices } from './kvs-services.js'
import { streamOperation } from './stream-operation.js'

/** An MP4 of the fragments that start in the range: the first 200, or 100 MB. */
export const getClip = streamOperation({
  name: 'GetClip',
  parse: (input) => parseFragmentSelector(parseStructure(input, 'ClipFragmentSelector')),
  run(stream, range, { archive, clock, quotas, strictCodecs }: Pick<KvsServices, 'archive' | 'clock' | 'quotas' | 'strictCodecs'>) {
    if (stream.dataRetentionInHours === 0) {
      throw new AwsException('NoDataRetentionException', `The stream ${stream.name} does not retain data.`)
    }
    checkClipRange(stream, range, clock.now())
    const fragments = selectClipFragments(archive, stream, range)
    if (fragments.length === 0) throw new AwsException('ResourceNotFoundException', NO_FRAGMENTS)
    quotas.charge(stream.id, { media: fragments.length, metadata: fragments.length })
    return buildClip(archive, fragments, strictCodecs)
  },
})
