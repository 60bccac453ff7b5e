import type { FragmentRange } from '../archive/archive.js'
import type { StreamSelector } from '../archive/stream-table.js'
import { buildClip, NO_FRAGMENTS } from '../clip/clip-builder.js'
import { checkClipRange, selectClipFragments } from '../clip/clip-selection.js'
import { AwsException } from '../wire/aws-exception.js'
import type { Operation } from '../wire/operation.js'
import { parseFragmentSelector, parseStreamSelector } from '../wire/selectors.js'
import { parseStructure } from '../wire/wire-input.js'
import type { KvsServices } from './kvs-services.js'
import { getStream } from './stream-checks.js'

interface Input {
  readonly stream: StreamSelector
  readonly range: FragmentRange
}

type Services = Pick<KvsServices, 'streams' | 'archive' | 'clock' | 'quotas' | 'strictCodecs'>

/** An MP4 of the fragments that start in the range: the first 200, or 100 MB. */
export const getClip: Operation<Input, Services> = {
  name: 'GetClip',
  parse: (input) => ({
    stream: parseStreamSelector(input),
    range: parseFragmentSelector(parseStructure(input, 'ClipFragmentSelector')),
  }),
  run({ stream: selector, range }, { streams, archive, clock, quotas, strictCodecs }) {
    const stream = getStream(streams, selector)
    if (stream.dataRetentionInHours === 0) {
      throw new AwsException('NoDataRetentionException', `The stream ${stream.name} does not retain data.`)
    }
    checkClipRange(stream, range, clock.now())
    const fragments = selectClipFragments(archive, stream, range)
    if (fragments.length === 0) throw new AwsException('ResourceNotFoundException', NO_FRAGMENTS)
    quotas.charge(stream.id, { media: fragments.length, metadata: fragments.length })
    return buildClip(archive, fragments, strictCodecs)
  },
}
