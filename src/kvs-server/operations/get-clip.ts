import type { FragmentRange } from '../archive/archive.js'
import type { StreamSelector } from '../archive/stream-table.js'
import { AwsException } from '../aws-exception.js'
import { buildClip, NO_FRAGMENTS, selectClipFragments } from '../clip/clip-builder.js'
import { checkClipRange } from '../clip/clip-range.js'
import type { KvsServices } from '../kvs-services.js'
import type { Operation } from '../operation.js'
import { getStream } from '../stream-checks.js'
import { parseFragmentSelector } from '../wire/fragment-selector.js'
import { parseStreamSelector } from '../wire/stream-selector.js'
import { parseStructure } from '../wire/wire-input.js'

interface Input {
  readonly stream: StreamSelector
  readonly range: FragmentRange
}

type Services = Pick<KvsServices, 'streams' | 'archive' | 'clock' | 'quotas' | 'strictCodecs'>

/** An ordinary MP4 of the fragments whose start lies in the range: the first 200 of them, or 100 MB. */
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
